using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;

namespace MarketplaceWebhook.Maintenance;

/// <summary>
/// Removes what is old from the log, the dead letters and the blobs, and leaves whatever the fold still reads: a rebuild gives
/// the same Installs afterwards. Safe beside live traffic, and after a crash: rows go before the blobs that they name.
/// </summary>
public sealed class Purge(StatusChangeLog log, DeadLetterTable letters, PayloadBlobs payloads, StatusChangeReader reader, QueueInspector waiting)
{
    private const int Batch = 500;

    /// <param name="before">What is younger stays.</param>
    /// <param name="dryRun">Counts, and changes nothing.</param>
    public async Task<PurgeResult> RunAsync(DateTimeOffset before, bool dryRun, CancellationToken cancellationToken)
    {
        var result = await PurgeLogAsync(before, dryRun, cancellationToken);
        result = await PurgeLettersAsync(result, before, dryRun, cancellationToken);
        return await PurgeBlobsAsync(result, before, dryRun, cancellationToken);
    }

    private async Task<PurgeResult> PurgeLogAsync(DateTimeOffset before, bool dryRun, CancellationToken cancellationToken)
    {
        var result = new PurgeResult();
        var account = "";
        var needed = new LogRetention();
        var old = new List<RawRow>();
        await foreach (var row in log.ReadAsync(account: null, cancellationToken))
        {
            if (row.PartitionKey != account || old.Count == Batch)
            {
                result = await RemoveAsync(result);
                (account, needed) = (row.PartitionKey, row.PartitionKey == account ? needed : new LogRetention());
            }

            try
            {
                var change = await AccountReplay.ReadAsync(reader, row, cancellationToken);
                var isNeeded = change is not null && needed.Needs(change);
                var isOld = row.Id(Columns.NotificationId) is { } id && id.ReceivedAt < before;
                if (isOld && !isNeeded)
                {
                    // Of what goes only the keys are kept in memory.
                    old.Add(row with { Columns = new Dictionary<string, object>() });
                    result = result with { Blobs = result.Blobs + (dryRun && row.Text(Columns.PayloadBlob) is not null ? 1 : 0) };
                }

                result = result with { KeptNotifications = result.KeptNotifications + (isOld && isNeeded ? 1 : 0) };
            }
            catch (UnreadableLogRowException)
            {
                result = result with { UnreadableNotifications = result.UnreadableNotifications + 1 };
            }
        }

        return await RemoveAsync(result);

        async Task<PurgeResult> RemoveAsync(PurgeResult sofar)
        {
            var removed = dryRun ? old.Count : await log.RemoveAsync(old, cancellationToken);
            old.Clear();
            sofar = sofar with { Notifications = sofar.Notifications + removed };
            return sofar;
        }
    }

    private async Task<PurgeResult> PurgeLettersAsync(
        PurgeResult result, DateTimeOffset before, bool dryRun, CancellationToken cancellationToken)
    {
        foreach (var kind in (string[])[DeadLetter.Failed, DeadLetter.Rejected])
        {
            await foreach (var chunk in letters.ReadAsync(kind, since: null, cancellationToken)
                .Where(letter => IsOld(letter, before))
                .Chunk(TableTransactions.MaxActions)
                .WithCancellation(cancellationToken))
            {
                var removed = dryRun ? chunk.Length : await letters.RemoveAsync(chunk, cancellationToken);
                result = result with
                {
                    DeadLetters = result.DeadLetters + removed,
                    Blobs = result.Blobs + (dryRun ? chunk.Count(letter => letter.BodyBlob is not null) : 0),
                };
            }
        }

        return result;
    }

    /// <summary>One that was redriven lately stays: its message may still be on its way, and need the blob that it
    /// names.</summary>
    private static bool IsOld(StoredDeadLetter letter, DateTimeOffset before) =>
        letter.Id is { } id && id.ReceivedAt < before && !(letter.RedrivenAt >= before);

    private async Task<PurgeResult> PurgeBlobsAsync(
        PurgeResult result, DateTimeOffset before, bool dryRun, CancellationToken cancellationToken)
    {
        var looks = await waiting.PeekAsync(cancellationToken);
        if (looks.Any(look => look.Seen.Any(message => message.InsertedAt < before)))
        {
            // A message as old as these blobs waits, and others may wait behind it.
            return result with { BlobsLeftForMessages = true };
        }

        await foreach (var blob in payloads.ReadAsync(cancellationToken))
        {
            // Its own time, not the id's: a redriven body is put anew under its old id, before its message.
            if (blob.WrittenAt >= before || !TableKeys.TryParseBlob(blob.Name, out var id, out var isDeadLetter)
                || await IsNamedAsync(blob, id, isDeadLetter, cancellationToken))
            {
                continue;
            }

            if (dryRun || await payloads.RemoveAsync(blob.Name, cancellationToken))
            {
                result = result with { Blobs = result.Blobs + 1 };
            }
        }

        return result;
    }

    private async Task<bool> IsNamedAsync(
        StoredBlob blob, NotificationId id, bool isDeadLetter, CancellationToken cancellationToken)
    {
        var sameId = await letters.FindAsync(id, cancellationToken);
        if (isDeadLetter)
        {
            return sameId.Any(letter => letter.BodyBlob == blob.Name);
        }

        // The message of a failed one names it. Without an account there is no telling where in the log to look: it stays.
        return sameId.Any(letter => letter.Kind == DeadLetter.Failed)
            || blob.Account is null
            || await log.ContainsAsync(blob.Account, id, cancellationToken);
    }
}

/// <summary>What a purge has removed so far, or would remove.</summary>
public sealed record PurgeResult
{
    public int Notifications { get; init; }

    /// <summary>Old ones that stay: the fold still reads them.</summary>
    public int KeptNotifications { get; init; }

    /// <summary>Rows of the log that cannot be read stay, whatever their age.</summary>
    public int UnreadableNotifications { get; init; }

    public int DeadLetters { get; init; }

    public int Blobs { get; init; }

    /// <summary>A message older than the blobs waits in a queue, and may name one: no blob was removed.</summary>
    public bool BlobsLeftForMessages { get; init; }
}
