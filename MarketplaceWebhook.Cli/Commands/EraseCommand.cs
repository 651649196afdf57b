using System.CommandLine;
using System.Globalization;
using Azure;
using MarketplaceWebhook.Cli.Output;
using MarketplaceWebhook.Maintenance;
using MarketplaceWebhook.Storage;

namespace MarketplaceWebhook.Cli.Commands;

internal static class EraseCommand
{
    private const int NotAll = 2;

    public static Command Create()
    {
        var account = new Argument<string>("ACCOUNT")
        {
            Description = "Cyclr's AccountId, or an AccountApiId that only one account has.",
        };
        var yes = new Option<bool>("--yes") { Description = "Remove it. Without it the command counts, and changes nothing." };
        var wait = DurationOption.Option("--wait", "How long to wait for messages that are on their way (1m where it is not given).");
        var storage = CommandStorage.Option();
        var command = new Command(
            "erase",
            "Removes everything that names an account: rows, dead letters, blobs, messages.\nExit codes: 0 removed, or nothing "
            + "was there; 2 messages of it are still on their way, or --yes was not given; 1 wrong input, or the storage failed.")
        {
            account, yes, wait, storage,
        };
        command.SetAction((parsed, token) => RunAsync(
            parsed.GetRequiredValue(account), parsed.GetValue(yes), parsed.GetValue(wait) ?? TimeSpan.FromMinutes(1),
            parsed.GetValue(storage), token));
        return command;
    }

    private static async Task<int> RunAsync(
        string name, bool yes, TimeSpan wait, string? storage, CancellationToken cancellationToken)
    {
        await using var opened = await CommandStorage.OpenAsync(storage, cancellationToken);
        var account = await OneAccountAsync(opened, name, cancellationToken);
        var erasure = opened.Get<Erasure>();
        var erased = yes
            ? await erasure.RunAsync(account, wait, cancellationToken) : await erasure.CountAsync(account, cancellationToken);
        Print(account, erased, yes);
        if (!yes)
        {
            ConsoleOutput.Remark($"Nothing was changed: `erase {account} --yes` removes it, for good.");
            return erased is { Rows: 0, QueueInspector: 0 } ? 0 : NotAll;
        }

        if (erased.Blobs > 0)
        {
            ConsoleOutput.Remark(await SoftDeleteAsync(opened, cancellationToken));
        }

        return erased.QueueInspector == 0 ? 0 : NotAll;
    }

    private static async Task<Guid> OneAccountAsync(CommandStorage storage, string name, CancellationToken cancellationToken)
    {
        var known = await storage.Get<AccountLookup>().FindAsync(name, cancellationToken);
        return known switch
        {
            [var one] => one,
            [] when Guid.TryParse(name, CultureInfo.InvariantCulture, out var id) => id,
            [] => throw new UserErrorException($"Nothing is known of an account '{name}': give Cyclr's AccountId, a GUID."),
            _ => throw new UserErrorException(
                $"'{name}' is the AccountApiId of {known.Count} accounts: give one of {string.Join(", ", known.Take(10))}."),
        };
    }

    private static void Print(Guid account, ErasureResult erased, bool yes)
    {
        var table = ConsoleOutput.Table(["What", "Number"], "Where");
        (string What, string Where, int Number)[] lines =
        [
            ("installs and cycles", $"table {StorageNames.InstallsTable}", erased.Installs),
            ("notifications", $"table {StorageNames.StatusChangesTable}", erased.Notifications),
            ("dead letters", $"table {StorageNames.DeadLettersTable}", erased.DeadLetters),
            ("bodies", $"container {StorageNames.PayloadContainer}", erased.Blobs),
            ("messages", $"queue {StorageNames.PoisonQueue}", erased.Messages),
        ];
        foreach (var (what, where, number) in lines)
        {
            table.Add([what, number.ToString(CultureInfo.InvariantCulture)], where);
        }

        ConsoleOutput.Write($"{(yes ? "Removed of" : "Would be removed of")} account {account}", table);
        if (erased.QueueInspector > 0)
        {
            ConsoleOutput.Remark(
                $"{ConsoleOutput.Count(erased.QueueInspector, "message")} of it on the queues: does the app run? They become rows "
                + "again: erase once more when they are through.");
        }

        if (erased.UnseenMessages > 0)
        {
            ConsoleOutput.Remark(
                $"{ConsoleOutput.Count(erased.UnseenMessages, "message")}, of whatever account, cannot be looked at now (being worked "
                + "on, delayed, or behind the first 32): erase once more when the queues are empty.");
        }
    }

    private static async Task<string> SoftDeleteAsync(CommandStorage storage, CancellationToken cancellationToken)
    {
        try
        {
            var days = await storage.Get<PayloadBlobs>().GetSoftDeleteAsync(cancellationToken);
            return days == TimeSpan.Zero
                ? "Blobs are gone at once: soft delete is off in this storage account. Versions and backups, where they are "
                    + "kept, are not looked at."
                : $"Soft delete holds the removed blobs for {ConsoleOutput.Count((long)days.TotalDays, "more day")}; until then they "
                    + "can be brought back.";
        }
        catch (RequestFailedException e) when (e.Status is 401 or 403)
        {
            return "Whether soft delete holds the removed blobs for a while cannot be read with these rights: see Data "
                + "protection of the storage account.";
        }
    }
}
