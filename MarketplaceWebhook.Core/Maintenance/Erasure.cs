using System.Text;
using MarketplaceWebhook.Storage;

namespace MarketplaceWebhook.Maintenance;

/// <summary>
/// Removes everything that names an account: rows, dead letters, blobs, and messages that rest in the poison queue. Again, until
/// a pass finds nothing and no message of it can be seen: a message on its way makes rows anew.
/// </summary>
public sealed class Erasure(
    InstallTable installs, StatusChangeLog log, DeadLetterTable letters, PayloadBlobs payloads, QueueInspector waiting,
    TimeProvider time)
{
    private const int Batch = 500;
    private static readonly TimeSpan BetweenPasses = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Taken = TimeSpan.FromSeconds(30);

    /// <summary>Counts what names the account, and changes nothing.</summary>
    public Task<ErasureResult> CountAsync(Guid accountId, CancellationToken cancellationToken) =>
        PassAsync(accountId, [], dryRun: true, cancellationToken);

    /// <param name="patience">For messages that are on their way.</param>
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

    /// <param name="apiIds">The names of the account that its rows gave so far.</param>
    private async Task<ErasureResult> PassAsync(Guid accountId, HashSet<string> apiIds, bool dryRun, CancellationToken cancellationToken)
    {
        var account = TableKeys.Account(accountId);
        var result = new ErasureResult
        {
            Installs = await RowsAsync(installs.ReadRowsAsync(account, cancellationToken), installs.RemoveAsync),
            Notifications = await RowsAsync(log.ReadAsync(account, cancellationToken), log.RemoveAsync),
        };
        var mention = new AccountMatcher(accountId, apiIds);
        result = await LettersAsync(result, account, mention, dryRun, cancellationToken);
        result = await MessagesAsync(result, account, mention, dryRun, cancellationToken);
        await foreach (var blob in payloads.ReadAsync(cancellationToken))
        {
            // The blob of a message on its way stays for now: without it the message could only fail.
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

    private async Task<ErasureResult> LettersAsync(
        ErasureResult result, string account, AccountMatcher mention, bool dryRun, CancellationToken cancellationToken)
    {
        await foreach (var letter in letters.ReadAsync(kind: null, since: null, cancellationToken))
        {
            if (!await NamesAsync(letter))
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

        async Task<bool> NamesAsync(StoredDeadLetter letter) =>
            letter.AccountId == account
            || (await letters.GetBodyAsync(letter, cancellationToken) is { } body
                && mention.IsIn(Encoding.UTF8.GetString(body.Span)));
    }

    private async Task<ErasureResult> MessagesAsync(
        ErasureResult result, string account, AccountMatcher mention, bool dryRun, CancellationToken cancellationToken)
    {
        var looks = await waiting.PeekAsync(cancellationToken);
        foreach (var look in looks)
        {
            var names = new List<WaitingMessage>();
            foreach (var message in look.Seen)
            {
                if (await NamesAsync(message.Text))
                {
                    names.Add(message);
                }
            }

            result = result with { UnseenMessages = result.UnseenMessages + look.Unseen };
            if (look.IsPoison && names.Count > 0 && !dryRun)
            {
                result = result with { Messages = result.Messages + await RemovePoisonAsync(look.Count) };
            }
            else
            {
                result = result with { QueueInspector = result.QueueInspector + names.Count };
                result.BlobsInUse.UnionWith(names.Select(message => BlobOf(message.Text)).OfType<string>());
            }
        }

        return result;

        // Nobody works on what rests there, so nothing is lost by taking it; what is not the account's goes back at once.
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
                    if (!await NamesAsync(message.Message.Text))
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

        async Task<bool> NamesAsync(string messageText) =>
            BlobOf(messageText) is { } blob
                ? await payloads.FindAccountAsync(blob, cancellationToken) == account : mention.IsIn(messageText);
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

/// <summary>What was removed, or would be, and what is left on its way.</summary>
public sealed record ErasureResult
{
    public int Installs { get; init; }

    public int Notifications { get; init; }

    public int DeadLetters { get; init; }

    public int Blobs { get; init; }

    /// <summary>Of the poison queue.</summary>
    public int Messages { get; init; }

    /// <summary>Messages of the account that are on their way.</summary>
    public int QueueInspector { get; init; }

    /// <summary>Messages of whomever that nobody can look at now: being worked on, delayed, or behind the first 32.</summary>
    public int UnseenMessages { get; init; }

    internal HashSet<string> BlobsInUse { get; init; } = [];

    public int Rows => Installs + Notifications + DeadLetters + Blobs + Messages;

    /// <summary>Removed by both; on its way as the later one saw it.</summary>
    public ErasureResult Add(ErasureResult later) => later with
    {
        Installs = Installs + later.Installs,
        Notifications = Notifications + later.Notifications,
        DeadLetters = DeadLetters + later.DeadLetters,
        Blobs = Blobs + later.Blobs,
        Messages = Messages + later.Messages,
    };
}
