using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;

namespace MarketplaceWebhook.Maintenance;

/// <summary>
/// Removes old rows from the log and the dead letters, and old blobs, but keeps what the fold still needs: a rebuild gives the
/// same Installs afterwards. Safe alongside live traffic and after a crash: rows are removed before the blobs they refer to, and
/// blobs only while no message may refer to them. The next purge finds the blobs that this one left.
/// </summary>
public sealed class Purge(
    StatusChangeLog log, DeadLetterTable letters, PayloadBlobs payloads, StatusChangeReader reader, QueueInspector waiting,
    TimeProvider time, FallbackStorage? fallback = null)
{
    private const int Batch = 500;
    private static readonly TimeSpan BetweenInspections = TimeSpan.FromSeconds(1);

    /// <param name="before">Newer ones stay.</param>
    /// <param name="dryRun">Counts only; changes nothing and does not wait.</param>
    /// <param name="wait">For messages that cannot be inspected, in all.</param>
    public async Task<PurgeResult> RunAsync(
        DateTimeOffset before, bool dryRun, TimeSpan wait, CancellationToken cancellationToken)
    {
        // The row of a removed notification still counts as a reference in a dry run: its blob is counted with the row.
        var queues = dryRun ? await waiting.PeekAsync(cancellationToken) : [];
        var result = await PurgeLogAsync(before, dryRun, queues, cancellationToken);
        result = await PurgeDeadLettersAsync(result, before, dryRun, cancellationToken);
        result = await PurgeBlobsAsync(result, before, dryRun, dryRun ? TimeSpan.Zero : wait, cancellationToken);
        return fallback is null
            ? result
            : await PurgeBlobsAsync(result, fallback.Payloads, before, dryRun, cancellationToken);
    }

    private async Task<PurgeResult> PurgeLogAsync(
        DateTimeOffset before, bool dryRun, IReadOnlyList<QueueInspector.PeekedQueue> queues, CancellationToken cancellationToken)
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
                var change = await reader.ReadAsync(row, time.GetUtcNow(), cancellationToken);
                var isNeeded = change is not null && needed.Needs(change);
                var isOld = row.Id(Columns.NotificationId) is { } id && id.ReceivedAt < before;
                if (isOld && !isNeeded)
                {
                    // Only the keys of rows to remove are kept in memory.
                    old.Add(row with { Columns = new Dictionary<string, object>() });
                    if (dryRun && row.Text(Columns.PayloadBlob) is not null)
                    {
                        result = result.WithBlob(
                            isLeft: queues.Any(queue => queue.MayReferTo(row.Id(Columns.NotificationId)!.Value)));
                    }
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
            var left = old.Count - removed;
            old.Clear();
            return soFar with { Notifications = soFar.Notifications + removed, Left = soFar.Left + left };
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
                    Left = result.Left + chunk.Length - removed,
                };
            }
        }

        return result;
    }

    /// <summary>
    /// A dead letter that was redriven recently stays. An id that was derived from a message's text has no time of its own.
    /// </summary>
    private static bool IsOld(StoredDeadLetter letter, DateTimeOffset before) =>
        letter.Id is { } id && !(letter.RedrivenAt >= before)
        && (id.ReceivedAt > DateTimeOffset.UnixEpoch ? id.ReceivedAt : letter.Row.Time(Columns.ReceivedAt)) < before;

    private async Task<PurgeResult> PurgeBlobsAsync(
        PurgeResult result, DateTimeOffset before, bool dryRun, TimeSpan wait, CancellationToken cancellationToken)
    {
        // Inspected before the rows: what is projected or recorded afterwards has a row or is one of these messages.
        var queues = await waiting.PeekAsync(cancellationToken);
        long? waitingSince = null;
        await foreach (var blob in payloads.ReadAsync(cancellationToken))
        {
            // Redriving writes a blob again under its old id, before the message.
            if (!TableKeys.TryParseBlob(blob.Name, out var id, out var isDeadLetter)
                || id.ReceivedAt >= before || blob.WrittenAt >= before
                || await IsReferencedAsync(blob, id, isDeadLetter, Stays, cancellationToken))
            {
                continue;
            }

            // A message that is being processed is soon gone, or visible again.
            var isReferenced = false;
            while (!isDeadLetter && !isReferenced && queues.Any(queue => queue.Unseen > 0)
                && time.GetElapsedTime(waitingSince ??= time.GetTimestamp()) < wait)
            {
                await Task.Delay(BetweenInspections, time, cancellationToken);
                queues = await waiting.PeekAsync(cancellationToken);
                isReferenced = await IsReferencedAsync(blob, id, isDeadLetter, Stays, cancellationToken);
            }

            if (isReferenced)
            {
                continue;
            }

            // No message refers to the body of a dead letter.
            var isLeft = !isDeadLetter && queues.Any(queue => queue.MayReferTo(id));
            result = await RemoveBlobAsync(result, payloads, blob, isLeft, dryRun, cancellationToken);
        }

        return result;

        bool Stays(StoredDeadLetter letter) => !dryRun || !IsOld(letter, before);
    }

    /// <summary>
    /// In the fallback storage, only messages refer to a blob. Payloads that an earlier version put there are moved with their
    /// messages, and are never listed.
    /// </summary>
    private async Task<PurgeResult> PurgeBlobsAsync(
        PurgeResult result, PayloadBlobs blobs, DateTimeOffset before, bool dryRun, CancellationToken cancellationToken)
    {
        var queues = await waiting.PeekAsync(cancellationToken);
        await foreach (var blob in blobs.ReadAsync(cancellationToken))
        {
            if (TableKeys.TryParseBlob(blob.Name, out var id, out _) && id.ReceivedAt < before && blob.WrittenAt < before)
            {
                var isLeft = queues.Any(queue => queue.MayReferTo(id));
                result = await RemoveBlobAsync(result, blobs, blob, isLeft, dryRun, cancellationToken);
            }
        }

        return result;
    }

    private static async Task<PurgeResult> RemoveBlobAsync(
        PurgeResult result, PayloadBlobs store, StoredBlob blob, bool isLeft, bool dryRun, CancellationToken cancellationToken) =>
        isLeft || dryRun || await store.RemoveAsync(blob, cancellationToken)
            ? result.WithBlob(isLeft) : result with { Left = result.Left + 1 };

    private async Task<bool> IsReferencedAsync(
        StoredBlob blob, NotificationId id, bool isDeadLetter, Func<StoredDeadLetter, bool> stays,
        CancellationToken cancellationToken)
    {
        var sameId = (await letters.FindAsync(id, cancellationToken)).Where(stays).ToList();
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

    /// <summary>
    /// Old and without a row, but a message in a queue refers to them, or may do so and could not be inspected.
    /// </summary>
    public int BlobsLeft { get; init; }

    /// <summary>Old rows and blobs that storage did not delete: they were written or removed since they were read.</summary>
    public int Left { get; init; }

    internal PurgeResult WithBlob(bool isLeft) =>
        isLeft ? this with { BlobsLeft = BlobsLeft + 1 } : this with { Blobs = Blobs + 1 };
}
