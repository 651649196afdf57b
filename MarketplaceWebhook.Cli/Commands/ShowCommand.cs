using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using MarketplaceWebhook.Cli.Output;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;
using Microsoft.Extensions.Configuration;

namespace MarketplaceWebhook.Cli.Commands;

internal static class ShowCommand
{
    private const int DefaultHistory = 20;

    public static Command Create(IConfiguration environment)
    {
        var account = new Argument<string>("ACCOUNT") { Description = "Cyclr's AccountId, or the partner's AccountApiId." };
        var history = new Option<int>("--history")
        {
            Description = "How many notifications, and how many dead letters, to show, newest first.",
            DefaultValueFactory = _ => DefaultHistory,
            HelpName = "N",
        };
        history.Validators.Add(result =>
        {
            if (result.Tokens is [var token]
                && (!int.TryParse(token.Value, CultureInfo.InvariantCulture, out var number) || number < 0))
            {
                result.AddError("--history must be a number, 0 or more.");
            }
        });
        var json = JsonOutput.Option();
        var storage = CommandStorage.Option();
        var command = new Command(
            "show",
            "Shows an account: its installs, those with errors first, their cycles, the notifications that Cyclr sent, and those "
            + "that were rejected or failed.\nExit codes: 0 shown; 1 "
            + "unknown account, invalid input, or storage failed.")
        {
            account, history, json, storage,
        };
        command.SetAction(async (parsed, token) =>
        {
            await using var opened = await CommandStorage.OpenAsync(environment, parsed.GetValue(storage), token);
            return await RunAsync(
                opened, parsed.GetRequiredValue(account), parsed.GetValue(history), parsed.GetValue(json), token);
        });
        return command;
    }

    private static async Task<int> RunAsync(
        CommandStorage storage, string account, int history, bool json, CancellationToken cancellationToken)
    {
        var shown = new List<Account>();
        // An account may have dead letters only, so a GUID need not be known.
        foreach (var id in Guid.TryParse(account, out var accountId)
            ? [accountId] : await storage.FindAccountsAsync(account, cancellationToken))
        {
            var found = await ReadAsync(storage, id, history, cancellationToken);
            if (found.IsEmpty)
            {
                // Says so, or finds what has arrived since.
                await storage.FindAccountsAsync(account, cancellationToken);
            }

            if (!json)
            {
                Print(found);
                RemarkOlder(found, history);
            }

            shown.Add(found);
        }

        if (json)
        {
            ConsoleOutput.WriteJson([.. shown.Select(Json)], JsonOutput.Default.IReadOnlyListAccountJson);
        }

        return 0;
    }

    private static async Task<Account> ReadAsync(
        CommandStorage storage, Guid id, int history, CancellationToken cancellationToken)
    {
        var rows = await storage.Get<InstallTable>().ReadRowsAsync(id.ToString(), cancellationToken).ToListAsync(
            cancellationToken);
        // One more than requested shows whether there are older ones.
        var changes = await storage.Get<StatusChangeLog>()
            .ReadNewestAsync(id.ToString(), Math.Min(history, int.MaxValue - 1) + 1, cancellationToken)
            .ToListAsync(cancellationToken);
        var deadLetters = await storage.Get<DeadLetterQueries>().ListAsync(
            kind: null, id, Math.Clamp(history, 1, int.MaxValue - 1), continuation: null, cancellationToken);
        return new Account(
            id, [.. rows.Where(row => !IsCycle(row)).OrderBy(row => !IsFailing(row))], [.. rows.Where(IsCycle)],
            [.. changes.Take(history)], [.. deadLetters.Items.Take(history)],
            HasOlder: changes.Count > history || deadLetters.Items.Count > history || deadLetters.Continuation is not null);
    }

    private static void Print(Account account)
    {
        var installs = ConsoleOutput.Table(["Package", "Status", "Cycles"], "Since (UTC)");
        foreach (var row in account.Installs)
        {
            installs.Add(
                [row.RowKey, row.Text(Columns.Status), Number(row, Columns.CycleCount)],
                [
                    .. KnownStatus.All.Select(status => Line(status, Time(row, Columns.TimeOf(status)))),
                    .. (row.Texts(Columns.Errors) ?? []).Select(error => Line("error", error)),
                ]);
        }

        var apiIds = account.Installs.Select(row => row.Text(Columns.AccountApiId)).OfType<string>().Distinct().ToList();
        ConsoleOutput.Write($"Account {account.Id}{(apiIds.Count > 0 ? $", {string.Join(", ", apiIds)}" : "")}", installs);
        PrintProblems([.. account.Installs.Where(IsFailing)]);
        if (account.Cycles.Count > 0)
        {
            var cycles = ConsoleOutput.Table(["Package", "Cycle", "Reported (UTC)", "Status"], "Webhooks");
            foreach (var row in account.Cycles)
            {
                cycles.Add(
                    [
                        Number(row, Columns.PackageId), row.Text(Columns.CycleId), Time(row, Columns.ReportedAt),
                        row.Text(Columns.CycleStatus),
                    ],
                    [.. row.Steps()]);
            }

            ConsoleOutput.Write("Cycles", cycles);
        }

        var changes = ConsoleOutput.Table(
            ["Received (UTC)", "Notification", "Package", "Source", "Status"], "User-Agent, warnings");
        foreach (var row in account.History)
        {
            changes.Add(
                [
                    Time(row, Columns.ReceivedAt), row.Text(Columns.NotificationId), Number(row, Columns.PackageId),
                    row.Text(Columns.Source), row.Text(Columns.Status),
                ],
                [row.Text(Columns.UserAgent), .. row.Texts(Columns.Warnings) ?? []]);
        }

        ConsoleOutput.Write("History, newest first", changes);
        if (account.DeadLetters.Count > 0)
        {
            var deadLetters = DeadLettersCommand.EmptyTable();
            foreach (var deadLetter in account.DeadLetters)
            {
                DeadLettersCommand.Add(deadLetters, deadLetter);
            }

            ConsoleOutput.Write("Dead letters, newest first", deadLetters);
        }
    }

    private static void PrintProblems(IReadOnlyList<RawRow> failing)
    {
        foreach (var row in failing)
        {
            ConsoleOutput.WriteProblem(
                $"package {row.RowKey}: Cyclr reported {ConsoleOutput.Count(row.Number(Columns.ErrorCount)!.Value, "error")}");
        }

        if (failing.Count > 0)
        {
            Console.Out.WriteLine();
        }
    }

    private static void RemarkOlder(Account account, int history)
    {
        if (account.HasOlder)
        {
            ConsoleOutput.Remark(
                $"There are older notifications or dead letters: show more with --history {Math.Min(int.MaxValue, Math.Max(history, DefaultHistory) * 10L)}.");
        }
    }

    private static AccountJson Json(Account account) => new(
        account.Id, [.. account.Installs.Where(IsFailing).Select(row => row.RowKey)],
        [.. account.Installs.Select(WithKey)], [.. account.Cycles.Select(WithKey)],
        [.. account.History.Select(row => JsonRow.Of(row))], [.. account.DeadLetters.Select(DeadLettersCommand.Json)]);

    /// <summary>As in `accounts`: what is uninstalled needs nobody.</summary>
    private static bool IsFailing(RawRow install) =>
        install.Number(Columns.ErrorCount) > 0 && install.Text(Columns.Status) != KnownStatus.Uninstalled;

    private static JsonObject WithKey(RawRow row) => JsonRow.Of(row, ("row", row.RowKey));

    private static bool IsCycle(RawRow row) => row.RowKey.Contains('_', StringComparison.Ordinal);

    private static string? Line(string name, string value) => value.Length > 0 ? $"{name,-12}{value}" : null;

    private static string Time(RawRow row, string column) => ConsoleOutput.Time(row.Time(column));

    private static string? Number(RawRow row, string column) =>
        row.Number(column)?.ToString(CultureInfo.InvariantCulture);

    private sealed record Account(
        Guid Id, IReadOnlyList<RawRow> Installs, IReadOnlyList<RawRow> Cycles, IReadOnlyList<RawRow> History,
        IReadOnlyList<StoredDeadLetter> DeadLetters, bool HasOlder)
    {
        /// <summary>Whatever the length of its history.</summary>
        public bool IsEmpty => this is { Installs: [], Cycles: [], History: [], DeadLetters: [], HasOlder: false };
    }
}
