using System.CommandLine;
using System.Globalization;
using MarketplaceWebhook.Cli.Output;
using MarketplaceWebhook.Maintenance;
using MarketplaceWebhook.Storage;

namespace MarketplaceWebhook.Cli.Commands;

internal static class PurgeCommand
{
    private static readonly TimeSpan Youngest = TimeSpan.FromDays(1);

    public static Command Create()
    {
        var olderThan = DurationOption.Option("--older-than", "What is younger stays; at least 1d, such as 400d.");
        olderThan.Required = true;
        olderThan.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && DurationOption.TryParse(token.Value, out var age) && age < Youngest)
            {
                result.AddError("--older-than must be 1d or more: what is younger may still be on its way.");
            }
        });
        var dryRun = new Option<bool>("--dry-run") { Description = "Count, and change nothing." };
        var storage = CommandStorage.Option();
        var command = new Command(
            "purge",
            "Removes old notifications from the log, old dead letters, and bodies that nothing names. What the installs come "
            + "from stays: rebuild gives the same ones.\nExit codes: 0 done; 1 wrong input, or the storage failed.")
        {
            olderThan, dryRun, storage,
        };
        command.SetAction((parsed, token) => RunAsync(
            parsed.GetValue(olderThan)!.Value, parsed.GetValue(dryRun), parsed.GetValue(storage), token));
        return command;
    }

    private static async Task<int> RunAsync(TimeSpan olderThan, bool dryRun, string? storage, CancellationToken cancellationToken)
    {
        await using var opened = await CommandStorage.OpenAsync(storage, cancellationToken);
        var before = DateTimeOffset.UtcNow - olderThan;
        var purged = await opened.Get<Purge>().RunAsync(before, dryRun, cancellationToken);
        var table = ConsoleOutput.Table(["What", "Number"], "Where");
        (string What, string Where, int Number)[] lines =
        [
            ("notifications", $"table {StorageNames.StatusChangesTable}", purged.Notifications),
            ("dead letters", $"table {StorageNames.DeadLettersTable}", purged.DeadLetters),
            ("bodies", $"container {StorageNames.PayloadContainer}", purged.Blobs),
        ];
        foreach (var (what, where, number) in lines)
        {
            table.Add([what, number.ToString(CultureInfo.InvariantCulture)], where);
        }

        ConsoleOutput.Write($"{(dryRun ? "Would be removed" : "Removed")}, from before {ConsoleOutput.Time(before)} UTC", table);
        if (purged.KeptNotifications > 0)
        {
            ConsoleOutput.Remark(
                $"{ConsoleOutput.Count(purged.KeptNotifications, "notification")} of that age stay: the installs come from them.");
        }

        if (purged.UnreadableNotifications > 0)
        {
            ConsoleOutput.Remark(
                $"{ConsoleOutput.Count(purged.UnreadableNotifications, "row")} of the log cannot be read and stay: `rebuild` names "
                + "them.");
        }

        if (purged.BlobsLeftForMessages)
        {
            ConsoleOutput.Remark(
                "No body was looked at: a message of that age waits in a queue and may name one. Purge once more when the "
                + "queues are empty.");
        }

        return 0;
    }
}
