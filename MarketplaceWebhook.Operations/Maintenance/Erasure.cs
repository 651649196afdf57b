using System.Text;
using MarketplaceWebhook.Storage;

namespace MarketplaceWebhook.Maintenance;

/// <summary>
/// Removes everything that belongs to an account, in passes, until one finds nothing and no message that it may belong to is in a
/// queue: a message in a queue creates rows again. A pass
/// 1. collects the AccountApiIds of the account from its rows;
/// 2. removes its messages from the poison queue and from the fallback storage, and inspects what is left in the queues;
/// 3. removes its dead letters, each row before its blob;
/// 4. inspects the queues again, and removes its blobs, unless a message may refer to them: that of a row which 1 or 3 read was
///    sent before;
/// 5. removes its rows, first those of Reconciliations, then those which 1 needs: of Accounts, Installs and StatusChanges.
/// So a pass that was cut off anywhere leaves what the next one needs to find the rest.
/// </summary>
public sealed class Erasure(
    InstallTable installs, AccountTable accounts, StatusChangeLog log, DeadLetterTable letters,
    ReconciliationTable reconciliations,
    PayloadBlobs payloads, QueueInspector waiting, TimeProvider time,
    FallbackStorage? fallback = null, ChangeFeedQueue? feed = null)
{
    private const int Batch = 500;
    private static readonly TimeSpan BetweenPasses = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Taken = TimeSpan.FromSeconds(30);

    /// <summary>A body is stored before its message, within the time limit of a request.</summary>
    private static readonly TimeSpan UntilMessage = TimeSpan.FromSeconds(15);

    /// <summary>Counts what belongs to the account, and changes nothing.</summary>
    public Task<ErasureResult> CountAsync(Guid accountId, CancellationToken cancellationToken) =>
        PassAsync(new Progress(accountId), dryRun: true, cancellationToken);

    /// <param name="timeLimit">For messages that are still in the queues, and for data that is still created. Passes that began
    /// earlier are completed; there are at least two, because only a pass that finds nothing shows that nothing is left.</param>
    public async Task<ErasureResult> RunAsync(Guid accountId, TimeSpan timeLimit, CancellationToken cancellationToken)
    {
        var startedAt = time.GetTimestamp();
        var progress = new Progress(accountId);
        var sum = new ErasureResult();
        for (var passes = 1; ; passes++)
        {
            var pass = await PassAsync(progress, dryRun: false, cancellationToken);
            sum = sum.Add(pass);
            if (sum.IsComplete || (passes > 1 && time.GetElapsedTime(startedAt) >= timeLimit))
            {
                return sum;
            }

            if (pass.Total == 0)
            {
                await Task.Delay(BetweenPasses, time, cancellationToken);
            }
        }
    }

    private async Task<ErasureResult> PassAsync(Progress progress, bool dryRun, CancellationToken cancellationToken)
    {
        // 1.
        var account = progress.Account;
        await foreach (var row in installs.ReadRowsAsync(account, cancellationToken)
            .Concat(log.ReadAsync(account, cancellationToken))
            .Concat(accounts.ReadAccountAsync(account, cancellationToken)).WithCancellation(cancellationToken))
        {
            progress.Add(row);
        }

        // 2.
        var result = new ErasureResult();
        var queues = await waiting.PeekAsync(cancellationToken);
        var mayHaveChanged = false;
        foreach (var queue in queues.Where(queue => queue.CanBeTaken && !dryRun))
        {
            if (await CountAsync(progress, queue.Seen, cancellationToken) > 0)
            {
                var removed = await RemoveMessagesAsync(progress, queue, cancellationToken);
                result = result with { Messages = result.Messages + removed };
                mayHaveChanged = true;
            }
        }

        queues = mayHaveChanged ? await waiting.PeekAsync(cancellationToken) : queues;
        result = result with
        {
            QueuedMessages = await CountAsync(progress, queues.SelectMany(queue => queue.Seen), cancellationToken),
            UnseenMessages = queues.Sum(queue => queue.Unseen),
            ChangeFeedMessages = feed is null ? 0 : (await feed.PeekAsync(cancellationToken)).Count(progress.Matcher.IsIn),
        };

        // 3.
        result = await DeadLettersAsync(result, progress, dryRun, cancellationToken);

        // 4.
        var peekedAt = time.GetTimestamp();
        queues = dryRun ? queues : await waiting.PeekAsync(cancellationToken);
        foreach (var store in Stores)
        {
            result = await BlobsAsync(result, store, progress, queues, peekedAt, dryRun, cancellationToken);
        }

        // 5.
        result = await ReconciliationsAsync(result, progress, dryRun, cancellationToken);
        var removedAccounts = await RowsAsync(
            progress, accounts.ReadAccountAsync(account, cancellationToken), accounts.RemoveAsync, dryRun, cancellationToken);
        var removedInstalls = await RowsAsync(
            progress, installs.ReadRowsAsync(account, cancellationToken), installs.RemoveAsync, dryRun, cancellationToken);
        var removedNotifications = await RowsAsync(
            progress, log.ReadAsync(account, cancellationToken), log.RemoveAsync, dryRun, cancellationToken);
        return result with
        {
            Accounts = removedAccounts.Removed,
            Installs = removedInstalls.Removed,
            Notifications = removedNotifications.Removed,
            Left = result.Left + removedAccounts.Left + removedInstalls.Left + removedNotifications.Left,
        };
    }

    /// <summary>
    /// A message that is received here is not being processed. Those of other accounts are put back.
    /// </summary>
    private async Task<int> RemoveMessagesAsync(
        Progress progress, QueueInspector.PeekedQueue queue, CancellationToken cancellationToken)
    {
        var removed = 0;
        for (var received = 0; received < queue.Count;)
        {
            var taken = await waiting.TakeAsync(queue.Queue, Taken, cancellationToken);
            if (taken.Count == 0)
            {
                break;
            }

            received += taken.Count;
            foreach (var message in taken)
            {
                if (!await BelongsAsync(progress, message.Message.Text, cancellationToken))
                {
                    await waiting.PutBackAsync(message, cancellationToken);
                    continue;
                }

                await MoveEarlierPayloadAsync(message.Message.Text, cancellationToken);
                if (await waiting.RemoveAsync(message, cancellationToken))
                {
                    removed++;
                }
            }
        }

        return removed;
    }

    private async Task<ErasureResult> DeadLettersAsync(
        ErasureResult result, Progress progress, bool dryRun, CancellationToken cancellationToken)
    {
        await foreach (var letter in letters.ReadAsync(kind: null, since: null, cancellationToken))
        {
            var body = letter.AccountId == progress.Account && letter.BodyBlob is not null
                ? null : await letters.GetBodyAsync(letter, cancellationToken);
            var text = body is { } bytes ? Encoding.UTF8.GetString(bytes.Span) : "";
            if (letter.AccountId != progress.Account && !await BelongsAsync(progress, text, cancellationToken))
            {
                continue;
            }

            if (dryRun)
            {
                result = result with { DeadLetters = result.DeadLetters + 1 };
            }
            else if (await letters.RemoveAsync([letter], cancellationToken) == 0)
            {
                // Recorded again, or redriven, since it was read.
                result = result with { Left = result.Left + 1 };
            }
            else
            {
                progress.AddSent(Envelope.TryRead(text)?.PayloadBlob, letter.Row.WrittenAt);
                var hadBlob = letter.BodyBlob is { } blob && await payloads.RemoveAsync(blob, cancellationToken);
                result = result with { DeadLetters = result.DeadLetters + 1, Blobs = result.Blobs + (hadBlob ? 1 : 0) };
            }
        }

        return result;
    }

    private IEnumerable<PayloadBlobs> Stores => fallback is null ? [payloads] : [payloads, fallback.Payloads];

    /// <summary>
    /// The payload of a message that an earlier version sent to the fallback storage is in a container that is never listed: it
    /// is moved to where step 4 finds it. If that container is the primary one under another address, the copy has replaced it,
    /// and it stays.
    /// </summary>
    private async Task MoveEarlierPayloadAsync(string text, CancellationToken cancellationToken)
    {
        if (fallback is not null && Envelope.TryRead(text) is { PayloadBlob: { } name } envelope
            && await fallback.Payloads.FindAccountAsync(name, cancellationToken) is null
            && await fallback.EarlierPayloads.FindBlobAsync(name, cancellationToken) is var (blob, payload))
        {
            await payloads.PutPayloadAsync(
                envelope.Id, Guid.TryParse(blob.Account, out var account) ? account : null, payload, cancellationToken);
            await fallback.EarlierPayloads.RemoveAsync(blob, cancellationToken);
        }
    }

    private async Task<ErasureResult> BlobsAsync(
        ErasureResult result, PayloadBlobs store, Progress progress, IReadOnlyList<QueueInspector.PeekedQueue> queues,
        long peekedAt, bool dryRun, CancellationToken cancellationToken)
    {
        await foreach (var blob in store.ReadAsync(cancellationToken))
        {
            var isOurs = TableKeys.TryParseBlob(blob.Name, out var id, out var isDeadLetter);
            if (blob.Account != progress.Account
                && (blob.Account is not null || !isOurs || !await ContainsAccountAsync(blob.Name)))
            {
                continue;
            }

            if (dryRun)
            {
                result = result with { Blobs = result.Blobs + 1 };
            }
            else if (isOurs && !isDeadLetter
                && (queues.Any(queue => queue.MayReferTo(id)) || !progress.IsMessageSent(blob, time, peekedAt)))
            {
                result = result with { BlobsLeft = result.BlobsLeft + 1 };
            }
            else
            {
                var isRemoved = await store.RemoveAsync(blob, cancellationToken);
                result = result with { Blobs = result.Blobs + (isRemoved ? 1 : 0), Left = result.Left + (isRemoved ? 0 : 1) };
            }
        }

        return result;

        async Task<bool> ContainsAccountAsync(string name) =>
            await store.FindAsync(name, cancellationToken) is { } body
                && progress.Matcher.IsIn(Encoding.UTF8.GetString(body.Span));
    }

    /// <summary>An account that was unknown when it was compared has its rows under its API id.</summary>
    private async Task<ErasureResult> ReconciliationsAsync(
        ErasureResult result, Progress progress, bool dryRun, CancellationToken cancellationToken)
    {
        foreach (var partition in progress.ApiIds.Select(ReconciliationKeys.UnknownAccount).Prepend(progress.Account))
        {
            var rows = await reconciliations.ReadAsync(partition, cancellationToken).ToListAsync(cancellationToken);
            var removed = dryRun ? rows.Count : await reconciliations.RemoveAsync(rows, cancellationToken);
            result = result with { Reconciliations = result.Reconciliations + removed };
        }

        return result;
    }

    /// <summary>
    /// A row with an AccountApiId that is new stays until the next pass, which looks for it in the bodies first.
    /// </summary>
    private static async Task<(int Removed, int Left)> RowsAsync(
        Progress progress, IAsyncEnumerable<RawRow> rows, Func<IEnumerable<RawRow>, CancellationToken, Task<int>> removeAsync,
        bool dryRun, CancellationToken cancellationToken)
    {
        var (removed, left) = (0, 0);
        await foreach (var chunk in rows.Chunk(Batch).WithCancellation(cancellationToken))
        {
            var known = chunk.Where(progress.IsKnown).ToList();
            foreach (var row in known)
            {
                progress.Add(row);
            }

            removed += dryRun ? chunk.Length : await removeAsync(known, cancellationToken);
            left += chunk.Length - known.Count;
        }

        return (removed, left);
    }

    private async Task<int> CountAsync(
        Progress progress, IEnumerable<WaitingMessage> messages, CancellationToken cancellationToken)
    {
        var count = 0;
        foreach (var message in messages)
        {
            count += await BelongsAsync(progress, message.Text, cancellationToken) ? 1 : 0;
        }

        return count;
    }

    private async Task<bool> BelongsAsync(Progress progress, string text, CancellationToken cancellationToken)
    {
        if (Envelope.TryRead(text)?.PayloadBlob is not { } blob)
        {
            return progress.Matcher.IsIn(text);
        }

        foreach (var store in fallback is null ? Stores : Stores.Append(fallback.EarlierPayloads))
        {
            if (await store.FindAccountAsync(blob, cancellationToken) is { } account)
            {
                return account == progress.Account;
            }
        }

        return false;
    }

    /// <summary>What the passes found so far.</summary>
    private sealed class Progress
    {
        private readonly HashSet<string> _apiIds = [];
        private readonly Dictionary<string, DateTimeOffset> _sent = [];
        private readonly Dictionary<(string Name, string? Version), long> _listedAt = [];

        public Progress(Guid accountId) =>
            (Account, Matcher) = (TableKeys.Account(accountId), new AccountMatcher(accountId, _apiIds));

        public string Account { get; }

        public IReadOnlyCollection<string> ApiIds => _apiIds;

        public AccountMatcher Matcher { get; }

        public bool IsKnown(RawRow row) => row.Text(Columns.AccountApiId) is not { } apiId || _apiIds.Contains(apiId);

        public void Add(RawRow row)
        {
            if (row.Text(Columns.AccountApiId) is { } apiId)
            {
                _apiIds.Add(apiId);
            }

            AddSent(row.Text(Columns.PayloadBlob), row.WrittenAt);
        }

        /// <summary>A row that was written then refers to the blob: its message was sent before.</summary>
        public void AddSent(string? blob, DateTimeOffset? rowWrittenAt)
        {
            if (blob is not null && rowWrittenAt is { } writtenAt
                && !(_sent.TryGetValue(blob, out var latest) && latest > writtenAt))
            {
                _sent[blob] = writtenAt;
            }
        }

        /// <summary>False if the message of the blob may still be sent, after the queues were inspected.</summary>
        public bool IsMessageSent(StoredBlob blob, TimeProvider time, long peekedAt)
        {
            // One that was written later is being redriven.
            if (_sent.TryGetValue(blob.Name, out var sentBefore) && blob.WrittenAt <= sentBefore)
            {
                return true;
            }

            var key = (blob.Name, blob.Version);
            if (!_listedAt.TryGetValue(key, out var listedAt))
            {
                _listedAt.Add(key, listedAt = time.GetTimestamp());
            }

            return time.GetElapsedTime(listedAt, peekedAt) >= UntilMessage;
        }
    }
}

/// <summary>What was removed, or would be, and what is left.</summary>
public sealed record ErasureResult
{
    /// <summary>Rows of the index by AccountApiId.</summary>
    public int Accounts { get; init; }

    public int Installs { get; init; }

    public int Notifications { get; init; }

    public int DeadLetters { get; init; }

    /// <summary>Differences from Cyclr.</summary>
    public int Reconciliations { get; init; }

    public int Blobs { get; init; }

    /// <summary>Removed from the poison queue and from the queues of the fallback storage.</summary>
    public int Messages { get; init; }

    /// <summary>Messages of the account that are still in the queues.</summary>
    public int QueuedMessages { get; init; }

    /// <summary>Messages of any account that cannot be peeked now: being processed, delayed, or behind the first 32.</summary>
    public int UnseenMessages { get; init; }

    /// <summary>Those of the account among the first 32 on the change feed: they are the partner's, and stay.</summary>
    public int ChangeFeedMessages { get; init; }

    /// <summary>A message in a queue refers to them, may do so and could not be inspected, or may still be sent.</summary>
    public int BlobsLeft { get; init; }

    /// <summary>Rows and blobs that were written while they were being removed.</summary>
    internal int Left { get; init; }

    public int Total => Accounts + Installs + Notifications + DeadLetters + Reconciliations + Blobs + Messages;

    /// <summary>The last pass found nothing of the account, and every message in the queues was inspected.</summary>
    public bool IsComplete { get; init; }

    /// <summary>Adds what both passes removed; what is left is as the later one saw it.</summary>
    public ErasureResult Add(ErasureResult later) => later with
    {
        Accounts = Accounts + later.Accounts,
        Installs = Installs + later.Installs,
        Notifications = Notifications + later.Notifications,
        DeadLetters = DeadLetters + later.DeadLetters,
        Reconciliations = Reconciliations + later.Reconciliations,
        Blobs = Blobs + later.Blobs,
        Messages = Messages + later.Messages,
        IsComplete = later is { Total: 0, QueuedMessages: 0, UnseenMessages: 0, BlobsLeft: 0, Left: 0 },
    };
}
