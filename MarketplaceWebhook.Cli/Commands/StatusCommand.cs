using System.CommandLine;
using System.Globalization;
using MarketplaceWebhook.Cli.Output;
using MarketplaceWebhook.Maintenance;
using MarketplaceWebhook.Storage;
using Microsoft.Extensions.Configuration;
using Spectre.Console;

namespace MarketplaceWebhook.Cli.Commands;

internal static class StatusCommand
{
    private const int NeedsPerson = 2;

    public static Command Create(IConfiguration environment)
    {
        var since = DurationOption.Option("--since", "Count dead letters received within this time, such as 2d. Default: 24h.");
        var json = JsonOutput.Option();
        var storage = CommandStorage.Option();
        var fallback = CommandStorage.FallbackOption();
        var command = new Command(
            "status",
            "Shows whether notifications are being projected: messages on the queues, the oldest of them, and dead letters.\n"
            + "Exit codes: 0 nothing to do; 2 something needs a person, each with its reason; 1 invalid input, or storage failed.")
        {
            since, json, storage, fallback,
        };
        command.SetAction(async (parsed, token) =>
        {
            await using var opened = CommandStorage.Open(environment, parsed.GetValue(storage), parsed.GetValue(fallback));
            return await RunAsync(opened, parsed.GetValue(since) ?? StatusCheck.DefaultPeriod, parsed.GetValue(json), token);
        });
        return command;
    }

    private static async Task<int> RunAsync(
        CommandStorage storage, TimeSpan period, bool json, CancellationToken cancellationToken)
    {
        var since = DateTimeOffset.UtcNow - period;
        var check = storage.Get<StatusCheck>();
        // First, since its messages only move to the queue.
        var (fallback, fallbackFailure) = await TryAsync<QueueState>(check.CheckFallbackAsync, cancellationToken);
        var (report, failure) = await TryAsync<StatusReport>(
            async token => await check.RunAsync(since, token), cancellationToken);
        if (report is null)
        {
            if (fallback is not null)
            {
                ConsoleOutput.Remark(
                    $"Messages in the fallback storage: {fallback.Waiting}{(OldestOf(fallback) is { } oldest ? $", {oldest}" : "")}.");
            }

            throw failure!;
        }

        report = report with { Fallback = fallback };
        var status = StatusJson.Of(report, storage.Get<StorageClients>().Description, since);
        if (json)
        {
            ConsoleOutput.WriteJson(status, JsonOutput.Default.StatusJson);
        }
        else
        {
            Print(report, status.Problems);
        }

        return fallbackFailure is not null ? throw fallbackFailure : status.Problems.Count == 0 ? 0 : NeedsPerson;
    }

    /// <summary>Each account is inspected separately: the result of one is printed even if the other fails.</summary>
    private static async Task<(T? Result, Exception? Failure)> TryAsync<T>(
        Func<CancellationToken, Task<T?>> inspect, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            return (await inspect(cancellationToken), null);
        }
        catch (Exception exception) when (
            !cancellationToken.IsCancellationRequested && ExpectedFailure.Describe(exception) is not null)
        {
            return (null, exception);
        }
    }

    private static void Print(StatusReport report, IReadOnlyList<string> problems)
    {
        var table = ConsoleOutput.Table(["What", "Number"], "Remark");
        table.Add(["storage", ""], report.IsEmpty ? "reachable, empty" : "reachable");
        if (!report.IsEmpty)
        {
            Add("messages on the queue", report.Queue);
            table.Add(["messages on the poison queue", Text(report.Queue.Poisoned)]);
        }

        if (report.Fallback is { } fallback)
        {
            Add("messages in the fallback storage", fallback);
            table.Add(["messages on its poison queue", Text(fallback.Poisoned)]);
            if (report.FallbackCheck is { } check)
            {
                table.Add(
                    ["  last check by the app", ""], $"{check.Fault ?? "ok"}, {ConsoleOutput.Time(check.At)} UTC");
            }
        }

        if (!report.IsEmpty)
        {
            if (report.PassedOn is { } passedOn)
            {
                table.Add(["messages on the change feed", Text(passedOn)]);
            }

            table.Add(["dead letters", Text(report.DeadLetters.Sum(count => count.Number))]);
        }

        foreach (var count in report.DeadLetters)
        {
            table.Add(
                [$"  {count.Kind}, {count.Reason}", Text(count.Number)],
                count.Redriven > 0 ? $"{count.Redriven} redriven" : null);
        }

        ConsoleOutput.Write(null, table);
        foreach (var problem in problems)
        {
            ConsoleOutput.Results.WriteParts(("needs a person", Color.Red), ($"  {problem}", null));
        }

        void Add(string what, QueueState queue) => table.Add([what, Text(queue.Waiting)], OldestOf(queue));
    }

    private static string? OldestOf(QueueState queue) =>
        queue.OldestReceivedAt is { } oldest ? $"oldest received {ConsoleOutput.Time(oldest)} UTC" : null;

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
