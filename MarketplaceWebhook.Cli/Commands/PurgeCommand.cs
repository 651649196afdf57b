using System.CommandLine;
using MarketplaceWebhook.Cli.Output;
using MarketplaceWebhook.Maintenance;
using MarketplaceWebhook.Storage;
using Microsoft.Extensions.Configuration;

namespace MarketplaceWebhook.Cli.Commands;

internal static class PurgeCommand
{
    private const int Incomplete = 2;
    private static readonly TimeSpan MinimumAge = TimeSpan.FromDays(1);

    public static Command Create(IConfiguration environment)
    {
        var olderThan = DurationOption.Option("--older-than", "Delete data older than this, such as 400d; at least 1d.");
        olderThan.Required = true;
        olderThan.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && DurationOption.TryParse(token.Value, out var age) && age < MinimumAge)
            {
                result.AddError("--older-than must be 1d or more: newer notifications may still be in transit.");
            }
        });
        var yes = new Option<bool>("--yes") { Description = "Delete. Without it the command only counts." };
        var wait = DurationOption.Option("--wait", "How long to wait for messages that cannot be inspected (default: 30s).");
        var storage = CommandStorage.Option();
        var fallback = CommandStorage.FallbackOption();
        var command = new Command(
            "purge",
            "Deletes old notifications from the log, old dead letters, and bodies that no row refers to. Keeps the notifications "
            + "that Installs is derived from, so that rebuild gives the same rows.\nExit codes: 0 deleted, or counted; 2 bodies were "
            + "kept because a message may still need them, or data was not deleted because it changed at the same time; 1 invalid "
            + "input, or storage failed.")
        {
            olderThan, yes, wait, storage, fallback,
        };
        command.Requires(wait, yes);
        command.RequiresFallback(storage, fallback);
        command.SetAction(async (parsed, token) =>
        {
            await using var opened = await CommandStorage.OpenAsync(
                environment, parsed.GetValue(storage), parsed.GetValue(fallback), token);
            return await RunAsync(
                opened, parsed.GetValue(olderThan)!.Value, dryRun: !parsed.GetValue(yes),
                parsed.GetValue(wait) ?? TimeSpan.FromSeconds(30), token);
        });
        return command;
    }

    private static async Task<int> RunAsync(
        CommandStorage storage, TimeSpan olderThan, bool dryRun, TimeSpan wait, CancellationToken cancellationToken)
    {
        var before = DateTimeOffset.UtcNow - olderThan;
        var purged = await storage.Get<Purge>().RunAsync(before, dryRun, wait, cancellationToken);
        storage.PrintDeleted(
            $"{(dryRun ? "Would be deleted" : "Deleted")}, older than {ConsoleOutput.Time(before)} UTC",
            ("notifications", $"table {StorageNames.StatusChangesTable}", purged.Notifications),
            ("dead letters", $"table {StorageNames.DeadLettersTable}", purged.DeadLetters),
            ("bodies", storage.Containers, purged.Blobs));
        if (purged.KeptNotifications > 0)
        {
            ConsoleOutput.Remark(
                $"Kept {ConsoleOutput.Count(purged.KeptNotifications, "notification")} of that age: Installs is derived from them.");
        }

        if (purged.UnreadableNotifications > 0)
        {
            ConsoleOutput.Remark(
                $"Kept {ConsoleOutput.Count(purged.UnreadableNotifications, "row")} of the log that cannot be read: `rebuild` lists "
                + "them.");
        }

        if (purged.BlobsLeft > 0)
        {
            ConsoleOutput.Remark(
                $"Bodies of that age that were kept because a message may still need them: {purged.BlobsLeft}. Run "
                + "`purge` again when the queues are empty.");
        }

        if (purged.Left > 0)
        {
            ConsoleOutput.Remark(
                $"Rows and bodies of that age that were not deleted because they changed at the same time: {purged.Left}. Run `purge` "
                + "again.");
        }

        if (dryRun)
        {
            ConsoleOutput.Remark("Nothing was changed. With --yes the command deletes the data permanently.");
        }

        return purged.BlobsLeft + purged.Left == 0 ? 0 : Incomplete;
    }
}
