using System.CommandLine;
using System.Globalization;
using Azure;
using MarketplaceWebhook.Cli.Output;
using MarketplaceWebhook.Maintenance;
using MarketplaceWebhook.Storage;
using Microsoft.Extensions.Configuration;

namespace MarketplaceWebhook.Cli.Commands;

internal static class EraseCommand
{
    private const int Incomplete = 2;

    public static Command Create(IConfiguration environment)
    {
        var account = new Argument<string>("ACCOUNT")
        {
            Description = "Cyclr's AccountId, or an AccountApiId that only one account has.",
        };
        var yes = new Option<bool>("--yes") { Description = "Delete the data. Without this option the command only counts." };
        var wait = DurationOption.Option("--wait", "With --yes: how long to wait for messages in transit (default: 1m).");
        var storage = CommandStorage.Option();
        var fallback = CommandStorage.FallbackOption();
        var command = new Command(
            "erase",
            "Deletes all data of an account: rows, dead letters, blobs, messages.\nExit codes: 0 deleted, or nothing was found; "
            + "2 not complete: messages are in transit or could not be inspected, bodies were kept for them, or --yes was not given; 1 invalid input, or storage failed.")
        {
            account, yes, wait, storage, fallback,
        };
        command.Requires(wait, yes);
        command.RequiresFallback(storage, fallback);
        command.SetAction(async (parsed, token) =>
        {
            await using var opened = await CommandStorage.OpenAsync(
                environment, parsed.GetValue(storage), parsed.GetValue(fallback), token);
            return await RunAsync(
                opened, parsed.GetRequiredValue(account), parsed.GetValue(yes),
                parsed.GetValue(wait) ?? TimeSpan.FromMinutes(1), token);
        });
        return command;
    }

    private static async Task<int> RunAsync(
        CommandStorage storage, string name, bool yes, TimeSpan wait, CancellationToken cancellationToken)
    {
        var account = await OneAccountAsync(storage, name, cancellationToken);
        var erasure = storage.Get<Erasure>();
        var erased = yes
            ? await erasure.RunAsync(account, wait, cancellationToken) : await erasure.CountAsync(account, cancellationToken);
        Print(storage, account, erased, yes);
        if (!yes)
        {
            ConsoleOutput.Remark($"Nothing was changed. `erase {account} --yes` deletes the data permanently.");
            return erased is { Total: 0, QueuedMessages: 0, UnseenMessages: 0 } ? 0 : Incomplete;
        }

        if (erased is { IsComplete: false, QueuedMessages: 0, UnseenMessages: 0, BlobsLeft: 0 })
        {
            ConsoleOutput.Remark(
                "The last pass still found data of the account, so more may have been created since: run `erase` again.");
        }

        if (erased.Blobs > 0)
        {
            ConsoleOutput.Remark(await SoftDeleteAsync(storage.Get<PayloadBlobs>(), "storage", cancellationToken));
            if (storage.Fallback is { } fallback)
            {
                ConsoleOutput.Remark(await SoftDeleteAsync(fallback.Payloads, "fallback storage", cancellationToken));
            }
        }

        return erased.IsComplete ? 0 : Incomplete;
    }

    private static async Task<Guid> OneAccountAsync(CommandStorage storage, string name, CancellationToken cancellationToken)
    {
        // Not the index: an account that it lacks may have the same AccountApiId.
        var known = await storage.Get<AccountLookup>().ScanAsync(name, cancellationToken);
        return known switch
        {
            [var one] => one,
            [] when Guid.TryParse(name, CultureInfo.InvariantCulture, out var id) => id,
            [] => throw new UserErrorException($"Unknown account '{name}': use Cyclr's AccountId, a GUID."),
            _ => throw new UserErrorException(
                $"'{name}' is the AccountApiId of {known.Count} accounts: use one of {string.Join(", ", known.Take(10))}."),
        };
    }

    private static void Print(CommandStorage storage, Guid account, ErasureResult erased, bool yes)
    {
        storage.PrintDeleted(
            $"{(yes ? "Deleted" : "Would be deleted")}, account {account}",
            ("installs and cycles", $"table {StorageNames.InstallsTable}", erased.Installs),
            ("AccountApiIds", $"table {StorageNames.AccountsTable}", erased.Accounts),
            ("notifications", $"table {StorageNames.StatusChangesTable}", erased.Notifications),
            ("dead letters", $"table {StorageNames.DeadLettersTable}", erased.DeadLetters),
            ("differences from Cyclr", $"table {StorageNames.ReconciliationsTable}", erased.Reconciliations),
            ("bodies", storage.Containers, erased.Blobs),
            ("messages", storage.Names("queue", StorageNames.PoisonQueue, StorageNames.FallbackQueue), erased.Messages));
        if (erased.QueuedMessages > 0)
        {
            ConsoleOutput.Remark(
                $"{ConsoleOutput.Count(erased.QueuedMessages, "message")} of the account still on the queues: is the app running? "
                + "Processing them creates rows again; run `erase` again afterwards.");
        }

        if (erased.UnseenMessages > 0)
        {
            ConsoleOutput.Remark(
                $"{ConsoleOutput.Count(erased.UnseenMessages, "message")} of unknown accounts cannot be inspected now (being processed, "
                + "delayed, or behind the first 32): run `erase` again when the queues are empty.");
        }

        if (erased.ChangeFeedMessages > 0)
        {
            ConsoleOutput.Remark(
                $"Messages of the account that stay on the change feed, among its first 32: {erased.ChangeFeedMessages}. Erase the "
                + "account in the application that reads them, too.");
        }

        if (erased.BlobsLeft > 0)
        {
            ConsoleOutput.Remark(
                $"Bodies of the account that were kept because a message may still need them: {erased.BlobsLeft}. Run `erase "
                + $"{account} --yes` again.");
        }
    }

    private static async Task<string> SoftDeleteAsync(PayloadBlobs payloads, string name, CancellationToken cancellationToken)
    {
        try
        {
            var days = await payloads.GetSoftDeleteAsync(cancellationToken);
            return days == TimeSpan.Zero
                ? $"The blobs cannot be restored: soft delete is off in the {name} account. Versions and backups, if any, are not "
                    + "checked."
                : $"Soft delete of the {name} account keeps the deleted blobs for "
                    + $"{ConsoleOutput.Count((long)days.TotalDays, "more day")}; until then they can be restored.";
        }
        catch (RequestFailedException e) when (e.Status is 401 or 403)
        {
            return $"This identity may not read whether soft delete keeps the deleted blobs: see Data protection of the {name} "
                + "account.";
        }
    }
}
