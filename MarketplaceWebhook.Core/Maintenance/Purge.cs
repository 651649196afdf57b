using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;

namespace MarketplaceWebhook.Maintenance;

/// <summary>
/// Removes old rows from the log and the dead letters, and old blobs, but keeps what the fold still needs: a rebuild gives the
/// same Installs afterwards. Safe alongside live traffic and after a crash: rows are removed before the blobs they refer to.
/// </summary>
public sealed class Purge(StatusChangeLog log, DeadLetterTable letters, PayloadBlobs payloads, StatusChangeReader reader, QueueInspector waiting)
{
    private const int Batch = 500;

    /// <param name="before">Newer ones stay.</param>
    /// <param name="dryRun">Counts only; changes nothing.</param>
    public async Task<PurgeResult> RunAsync(DateTimeOffset before, bool dryRun, CancellationToken cancellationToken)
    {
        var result = await PurgeLogAsync(before, dryRun, cancellationToken);
        result = await PurgeDeadLettersAsync(result, before, dryRun, cancellationToken);
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
                    // Only the keys of rows to remove are kept in memory.
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

        async Task<PurgeResult> RemoveAsync(PurgeResult soFar)
        {
            var removed = dryRun ? old.Count : await log.RemoveAsync(old, cancellationToken);
            old.Clear();
            return soFar with { Notifications = soFar.Notifications + removed };
        }
    }

    private async Task<PurgeResult> PurgeDeadLettersAsync(
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

    /// <summary>
    /// A dead letter that was redriven recently stays: its message may still be in the queue, and need its blob.
    /// </summary>
    private static bool IsOld(StoredDeadLetter letter, DateTimeOffset before) =>
        letter.Id is { } id && id.ReceivedAt < before && !(letter.RedrivenAt >= before);

    private async Task<PurgeResult> PurgeBlobsAsync(
        PurgeResult result, DateTimeOffset before, bool dryRun, CancellationToken cancellationToken)
    {
        var queues = await waiting.PeekAsync(cancellationToken);
        if (queues.Any(queue => queue.Seen.Any(message => message.InsertedAt < before)))
        {
            // A message as old as these blobs is still in a queue, and there may be others behind it.
            return result with { BlobsLeftForMessages = true };
        }

        await foreach (var blob in payloads.ReadAsync(cancellationToken))
        {
            // The time of the blob, not of the id: redriving writes the blob again under its old id, before the message.
            if (blob.WrittenAt >= before || !TableKeys.TryParseBlob(blob.Name, out var id, out var isDeadLetter)
                || await IsReferencedAsync(blob, id, isDeadLetter, cancellationToken))
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

    private async Task<bool> IsReferencedAsync(
        StoredBlob blob, NotificationId id, bool isDeadLetter, CancellationToken cancellationToken)
    {
        var sameId = await letters.FindAsync(id, cancellationToken);
        if (isDeadLetter)
        {
            return sameId.Any(letter => letter.BodyBlob == blob.Name);
        }

        // The message of a failed one refers to it. Without an account its log row cannot be found: it stays.
        return sameId.Any(letter => letter.Kind == DeadLetter.Failed)
            || blob.Account is null
            || await log.ContainsAsync(blob.Account, id, cancellationToken);
    }
}

/// <summary>What a purge removed, or would remove.</summary>
public sealed record PurgeResult
{
    public int Notifications { get; init; }

    /// <summary>Old ones that stay: the fold still needs them.</summary>
    public int KeptNotifications { get; init; }

    /// <summary>Unreadable rows of the log stay, whatever their age.</summary>
    public int UnreadableNotifications { get; init; }

    public int DeadLetters { get; init; }

    public int Blobs { get; init; }

    /// <summary>A message older than the blobs is still in a queue and may refer to one: no blob was removed.</summary>
    public bool BlobsLeftForMessages { get; init; }
}
