using System.CommandLine;
using System.Globalization;
using MarketplaceWebhook.Cli.Output;
using MarketplaceWebhook.Maintenance;
using MarketplaceWebhook.Storage;
using Microsoft.Extensions.Configuration;

namespace MarketplaceWebhook.Cli.Commands;

internal static class StatusCommand
{
    private const int NeedsPerson = 2;

    public static Command Create(IConfiguration environment)
    {
        var since = DurationOption.Option("--since", "Count dead letters received within this time, such as 2d. Default: 24h.");
        var installs = new Option<bool>("--installs")
        {
            Description = "Also count the installs by status, and those with errors; reads all installs.",
        };
        var json = JsonOutput.Option();
        var storage = CommandStorage.Option();
        var fallback = CommandStorage.FallbackOption();
        var command = new Command(
            "status",
            "Shows whether notifications are being projected: messages on the queues, the oldest of them, and dead letters. "
            + "Counts the differences from Cyclr that the last reconcile found.\n"
            + "Exit codes: 0 nothing to do; 2 something needs a person, each with its reason; 1 invalid input, or storage failed.")
        {
            since, installs, json, storage, fallback,
        };
        command.SetAction(async (parsed, token) =>
        {
            await using var opened = CommandStorage.Open(environment, parsed.GetValue(storage), parsed.GetValue(fallback));
            return await RunAsync(
                opened, parsed.GetValue(since) ?? StatusCheck.DefaultPeriod, parsed.GetValue(installs), parsed.GetValue(json),
                token);
        });
        return command;
    }

    private static async Task<int> RunAsync(
        CommandStorage storage, TimeSpan period, bool countsInstalls, bool json, CancellationToken cancellationToken)
    {
        var since = DateTimeOffset.UtcNow - period;
        var check = storage.Get<StatusCheck>();
        // First, since its messages only move to the queue.
        var (fallback, fallbackFailure) = await TryAsync<QueueState>(check.CheckFallbackAsync, cancellationToken);
        var (report, failure) = await TryAsync<StatusReport>(
            async token => await check.RunAsync(since, token) is var found && countsInstalls && !found.IsEmpty
                ? found with { Installs = await check.CountInstallsAsync(token) }
                : found,
            cancellationToken);
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

        if (report.Reconciled is { } run)
        {
            table.Add(["differences from Cyclr", Text(run.Differences.Sum(count => count.Number))], TimeOf(run));
            foreach (var count in run.Differences)
            {
                table.Add([$"  {count.Kind}", Text(count.Number)]);
            }
        }

        if (report.Installs is { } installs)
        {
            table.Add(["installs", Text(installs.Sum(count => count.Number))]);
            foreach (var count in installs)
            {
                table.Add(
                    [$"  {(count.Status is "" ? "no status" : count.Status)}", Text(count.Number)], count.WithErrors > 0 ? $"{count.WithErrors} with errors" : null);
            }
        }

        ConsoleOutput.Write(null, table);
        foreach (var problem in problems)
        {
            ConsoleOutput.WriteProblem(problem);
        }

        void Add(string what, QueueState queue) => table.Add([what, Text(queue.Waiting)], OldestOf(queue));
    }

    private static string TimeOf(ReconciliationRun run) => run switch
    {
        { FinishedAt: { } finished } => $"reconcile finished {ConsoleOutput.Time(finished)} UTC",
        { StartedAt: { } started } => $"reconcile started {ConsoleOutput.Time(started)} UTC, not finished",
        _ => "by reconcile of single accounts",
    };

    private static string? OldestOf(QueueState queue) =>
        queue.OldestReceivedAt is { } oldest ? $"oldest received {ConsoleOutput.Time(oldest)} UTC" : null;

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
