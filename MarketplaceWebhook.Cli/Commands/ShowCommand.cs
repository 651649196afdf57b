using System.CommandLine;
using System.Globalization;
using MarketplaceWebhook.Cli.Output;
using MarketplaceWebhook.Storage;

namespace MarketplaceWebhook.Cli.Commands;

internal static class ShowCommand
{
    private const int DefaultHistory = 20;

    public static Command Create()
    {
        var account = new Argument<string>("ACCOUNT") { Description = "Cyclr's AccountId, or the partner's AccountApiId." };
        var history = new Option<int>("--history")
        {
            Description = "How many notifications to show, newest first.",
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
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var storage = CommandStorage.Option();
        var command = new Command(
            "show",
            "Shows an account: its installs, their cycles, and the notifications that Cyclr sent.\nExit codes: 0 shown; 1 "
            + "unknown account, invalid input, or storage failed.")
        {
            account, history, json, storage,
        };
        command.SetAction((parsed, token) => RunAsync(
            parsed.GetRequiredValue(account), parsed.GetValue(history), parsed.GetValue(json), parsed.GetValue(storage), token));
        return command;
    }

    private static async Task<int> RunAsync(
        string account, int history, bool json, string? storage, CancellationToken cancellationToken)
    {
        await using var opened = await CommandStorage.OpenAsync(storage, cancellationToken);
        var shown = new List<AccountJson>();
        foreach (var id in await opened.FindAccountsAsync(account, cancellationToken))
        {
            var rows = await opened.Get<InstallTable>().ReadRowsAsync(id.ToString(), cancellationToken).ToListAsync(
                cancellationToken);
            // One more than requested shows whether there are older ones.
            var changes = await opened.Get<StatusChangeLog>()
                .ReadNewestAsync(id.ToString(), Math.Min(history, int.MaxValue - 1) + 1, cancellationToken)
                .Select(Change).ToListAsync(cancellationToken);
            var (cycles, installs) = (
                rows.Where(IsCycle).Select(Cycle).ToList(), rows.Where(row => !IsCycle(row)).Select(Install).ToList());
            shown.Add(new AccountJson(id, installs, cycles, changes));
            if (!json)
            {
                Print(shown[^1], history);
            }
        }

        if (json)
        {
            ConsoleOutput.WriteJson(
                [.. shown.Select(one => one with { History = [.. one.History.Take(history)] })],
                JsonOutput.Default.IReadOnlyListAccountJson);
        }

        return 0;
    }

    private static void Print(AccountJson account, int history)
    {
        var installs = ConsoleOutput.Table(["Package", "Status", "Cycles"], "Since (UTC)");
        foreach (var i in account.Installs)
        {
            installs.Add(
                [i.Row, i.Status, Text(i.CycleCount)],
                [
                    Line("installed", Short(i.InstalledAt)), Line("started", Short(i.StartedAt)),
                    Line("stopped", Short(i.StoppedAt)),
                    Line("uninstalled", Short(i.UninstalledAt)), .. (i.Errors ?? []).Select(error => Line("error", error)),
                ]);
        }

        var apiIds = account.Installs.Select(i => i.AccountApiId).OfType<string>().Distinct().ToList();
        ConsoleOutput.Write($"Account {account.AccountId}{(apiIds.Count > 0 ? $", {string.Join(", ", apiIds)}" : "")}", installs);
        if (account.Cycles.Count > 0)
        {
            var cycles = ConsoleOutput.Table(["Package", "Cycle", "Reported (UTC)", "Status"], "Webhooks");
            foreach (var c in account.Cycles)
            {
                cycles.Add([Text(c.PackageId), c.CycleId, Short(c.ReportedAt), c.CycleStatus], [.. c.Steps ?? []]);
            }

            ConsoleOutput.Write("Cycles", cycles);
        }

        var changes = ConsoleOutput.Table(
            ["Received (UTC)", "Notification", "Package", "Source", "Status"], "User-Agent, warnings");
        foreach (var c in account.History.Take(history))
        {
            changes.Add(
                [Short(c.ReceivedAt), c.NotificationId, Text(c.PackageId), c.Source, c.Status],
                [c.UserAgent, .. c.Warnings ?? []]);
        }

        ConsoleOutput.Write("History, newest first", changes);
        if (account.History.Count > history)
        {
            ConsoleOutput.Remark(
                $"There are older notifications: show more with --history {Math.Min(int.MaxValue, Math.Max(history, DefaultHistory) * 10L)}.");
        }
    }

    private static string? Line(string name, string value) => value.Length > 0 ? $"{name,-12}{value}" : null;

    private static bool IsCycle(RawRow row) => row.RowKey.Contains('_', StringComparison.Ordinal);

    private static InstallJson Install(RawRow row) => new(
        row.RowKey, row.Number(Columns.PackageId), row.Text(Columns.Status), Time(row, Columns.StatusAt),
        Time(row, Columns.InstalledAt), Time(row, Columns.StartedAt), Time(row, Columns.StoppedAt),
        Time(row, Columns.UninstalledAt), row.Number(Columns.CycleCount), row.Number(Columns.ErrorCount),
        row.Texts(Columns.Errors), row.Text(Columns.AccountApiId), row.Text(Columns.UserId),
        row.Text(Columns.CompleteParameter), row.Text(Columns.Source));

    private static CycleJson Cycle(RawRow row) => new(
        row.RowKey, row.Number(Columns.PackageId), row.Text(Columns.CycleId), row.Text(Columns.CycleStatus),
        row.Text(Columns.TemplateId), row.Text(Columns.TemplateReleaseId), row.Number(Columns.WebhookCount), row.Steps(),
        Time(row, Columns.ReportedAt), row.Text(Columns.NotificationId));

    private static ChangeJson Change(RawRow row) => new(
        row.Text(Columns.NotificationId), Time(row, Columns.ReceivedAt), row.Text(Columns.Status), row.Number(Columns.PackageId),
        row.Text(Columns.Source), row.Text(Columns.AccountApiId), row.Text(Columns.UserId), row.Number(Columns.CycleCount),
        row.Number(Columns.ErrorCount), row.Texts(Columns.Errors), row.Texts(Columns.Warnings), row.Text(Columns.UserAgent),
        row.Text(Columns.PayloadBlob));

    private static string? Time(RawRow row, string column) => ConsoleOutput.JsonTime(row.Time(column));

    private static string Short(string? time) => time?.Replace('T', ' ')[..19] ?? "";

    private static string? Text(long? number) => number?.ToString(CultureInfo.InvariantCulture);
}
