using System.Text;
using MarketplaceWebhook.Storage;

namespace MarketplaceWebhook.Maintenance;

/// <summary>
/// Removes everything that belongs to an account: rows, dead letters, blobs, and messages in the poison queue. Repeats until a
/// pass finds nothing and no message of the account is visible: a message in a queue creates rows again.
/// </summary>
public sealed class Erasure(
    InstallTable installs, StatusChangeLog log, DeadLetterTable letters, PayloadBlobs payloads, QueueInspector waiting,
    TimeProvider time)
{
    private const int Batch = 500;
    private static readonly TimeSpan BetweenPasses = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Taken = TimeSpan.FromSeconds(30);

    /// <summary>Counts what belongs to the account, and changes nothing.</summary>
    public Task<ErasureResult> CountAsync(Guid accountId, CancellationToken cancellationToken) =>
        PassAsync(accountId, [], dryRun: true, cancellationToken);

    /// <param name="patience">For messages that are still in the queues.</param>
    public async Task<ErasureResult> RunAsync(Guid accountId, TimeSpan patience, CancellationToken cancellationToken)
    {
        var startedAt = time.GetTimestamp();
        var sum = new ErasureResult();
        var apiIds = new HashSet<string>();
        while (true)
        {
            var pass = await PassAsync(accountId, apiIds, dryRun: false, cancellationToken);
            sum = sum.Add(pass);
            var isWaiting = pass is not { QueueInspector: 0, UnseenMessages: 0 };
            if (pass.Rows == 0 && (!isWaiting || time.GetElapsedTime(startedAt) >= patience))
            {
                return sum;
            }

            if (isWaiting)
            {
                await Task.Delay(BetweenPasses, time, cancellationToken);
            }
        }
    }

    /// <param name="apiIds">The AccountApiIds found in its rows so far.</param>
    private async Task<ErasureResult> PassAsync(Guid accountId, HashSet<string> apiIds, bool dryRun, CancellationToken cancellationToken)
    {
        var account = TableKeys.Account(accountId);
        var result = new ErasureResult
        {
            Installs = await RowsAsync(installs.ReadRowsAsync(account, cancellationToken), installs.RemoveAsync),
            Notifications = await RowsAsync(log.ReadAsync(account, cancellationToken), log.RemoveAsync),
        };
        var matcher = new AccountMatcher(accountId, apiIds);
        result = await DeadLettersAsync(result, account, matcher, dryRun, cancellationToken);
        result = await MessagesAsync(result, account, matcher, dryRun, cancellationToken);
        await foreach (var blob in payloads.ReadAsync(cancellationToken))
        {
            // The blob of a message in a queue stays for now: without it the message would fail.
            if (blob.Account == account && !result.BlobsInUse.Contains(blob.Name)
                && (dryRun || await payloads.RemoveAsync(blob.Name, cancellationToken)))
            {
                result = result with { Blobs = result.Blobs + 1 };
            }
        }

        return result;

        async Task<int> RowsAsync(
            IAsyncEnumerable<RawRow> rows, Func<IEnumerable<RawRow>, CancellationToken, Task<int>> removeAsync)
        {
            var count = 0;
            await foreach (var chunk in rows.Chunk(Batch).WithCancellation(cancellationToken))
            {
                apiIds.UnionWith(chunk.Select(row => row.Text(Columns.AccountApiId)).OfType<string>());
                count += dryRun ? chunk.Length : await removeAsync(chunk, cancellationToken);
            }

            return count;
        }
    }

    private async Task<ErasureResult> DeadLettersAsync(
        ErasureResult result, string account, AccountMatcher matcher, bool dryRun, CancellationToken cancellationToken)
    {
        await foreach (var letter in letters.ReadAsync(kind: null, since: null, cancellationToken))
        {
            if (!await BelongsAsync(letter))
            {
                continue;
            }

            if (letter.BodyBlob is { } blob && (dryRun || await payloads.RemoveAsync(blob, cancellationToken)))
            {
                result = result with { Blobs = result.Blobs + (dryRun && letter.AccountId == account ? 0 : 1) };
            }

            var removed = dryRun ? 1 : await letters.RemoveAsync([letter], cancellationToken);
            result = result with { DeadLetters = result.DeadLetters + removed };
        }

        return result;

        async Task<bool> BelongsAsync(StoredDeadLetter letter) =>
            letter.AccountId == account
            || (await letters.GetBodyAsync(letter, cancellationToken) is { } body
                && matcher.IsIn(Encoding.UTF8.GetString(body.Span)));
    }

    private async Task<ErasureResult> MessagesAsync(
        ErasureResult result, string account, AccountMatcher matcher, bool dryRun, CancellationToken cancellationToken)
    {
        var queues = await waiting.PeekAsync(cancellationToken);
        foreach (var peeked in queues)
        {
            var names = new List<WaitingMessage>();
            foreach (var message in peeked.Seen)
            {
                if (await BelongsAsync(message.Text))
                {
                    names.Add(message);
                }
            }

            result = result with { UnseenMessages = result.UnseenMessages + peeked.Unseen };
            if (peeked.IsPoison && names.Count > 0 && !dryRun)
            {
                result = result with { Messages = result.Messages + await RemovePoisonAsync(peeked.Count) };
            }
            else
            {
                result = result with { QueueInspector = result.QueueInspector + names.Count };
                result.BlobsInUse.UnionWith(names.Select(message => BlobOf(message.Text)).OfType<string>());
            }
        }

        return result;

        // The poison queue's messages are not being processed, so receiving them is safe; those of other accounts are released at
        // once.
        async Task<int> RemovePoisonAsync(int most)
        {
            var (removed, others) = (0, new List<TakenMessage>());
            for (var seen = 0; seen < most;)
            {
                var taken = await waiting.TakePoisonAsync(Taken, cancellationToken);
                if (taken.Count == 0)
                {
                    break;
                }

                seen += taken.Count;
                foreach (var message in taken)
                {
                    if (!await BelongsAsync(message.Message.Text))
                    {
                        others.Add(message);
                    }
                    else if (await waiting.RemovePoisonAsync(message, cancellationToken))
                    {
                        removed++;
                    }
                }
            }

            foreach (var message in others)
            {
                await waiting.ReleasePoisonAsync(message, cancellationToken);
            }

            return removed;
        }

        async Task<bool> BelongsAsync(string messageText) =>
            BlobOf(messageText) is { } blob
                ? await payloads.FindAccountAsync(blob, cancellationToken) == account : matcher.IsIn(messageText);
    }

    private static string? BlobOf(string messageText)
    {
        try
        {
            return Envelope.Read(messageText).PayloadBlob;
        }
        catch (UnreadableEnvelopeException)
        {
            return null;
        }
    }
}

/// <summary>What was removed, or would be, and what is left in the queues.</summary>
public sealed record ErasureResult
{
    public int Installs { get; init; }

    public int Notifications { get; init; }

    public int DeadLetters { get; init; }

    public int Blobs { get; init; }

    /// <summary>Removed from the poison queue.</summary>
    public int Messages { get; init; }

    /// <summary>Messages of the account that are still in the queues.</summary>
    public int QueueInspector { get; init; }

    /// <summary>Messages of any account that cannot be peeked now: being processed, delayed, or behind the first 32.</summary>
    public int UnseenMessages { get; init; }

    internal HashSet<string> BlobsInUse { get; init; } = [];

    public int Rows => Installs + Notifications + DeadLetters + Blobs + Messages;

    /// <summary>Adds what both passes removed; what is left is as the later one saw it.</summary>
    public ErasureResult Add(ErasureResult later) => later with
    {
        Installs = Installs + later.Installs,
        Notifications = Notifications + later.Notifications,
        DeadLetters = DeadLetters + later.DeadLetters,
        Blobs = Blobs + later.Blobs,
        Messages = Messages + later.Messages,
    };
}
