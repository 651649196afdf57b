using MarketplaceWebhook.Storage;

namespace MarketplaceWebhook.Maintenance;

/// <summary>Reads whether notifications are being projected and which ones failed. Changes nothing.</summary>
/// <param name="feed">Null without a change feed.</param>
public sealed class StatusCheck(
    StorageClients clients, StatusChangeLog log, QueueInspector waiting, DeadLetterTable deadLetters, InstallQueries installs,
    ReconciliationTable reconciliations, TimeProvider time, ChangeFeedQueue? feed = null)
{
    /// <summary>Of the dead letters that are counted, unless the caller chooses another.</summary>
    public static readonly TimeSpan DefaultPeriod = TimeSpan.FromHours(24);

    /// <summary>A projection takes seconds, and retries within a delivery 5 minutes.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(10);

    /// <summary>MoveFallback puts a message back for a minute: between two of these it is visible for a moment.</summary>
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(65);

    private static readonly TimeSpan BetweenInspections = TimeSpan.FromSeconds(0.5);

    /// <summary>The primary storage alone.</summary>
    /// <param name="since">Of the dead letters that are counted.</param>
    public async Task<StatusReport> RunAsync(DateTimeOffset since, CancellationToken cancellationToken)
    {
        if (!await log.ExistsAsync(cancellationToken))
        {
            return new StatusReport { IsEmpty = true };
        }

        return new StatusReport
        {
            Queue = StateOf(await waiting.PeekPrimaryAsync(cancellationToken), StorageNames.Queue)!,
            FallbackCheck = await FallbackCheckResult.FindAsync(clients, cancellationToken),
            PassedOn = feed is null ? null : await feed.CountAsync(cancellationToken),
            DeadLetters = await CountAsync(since, cancellationToken),
            Reconciled = await reconciliations.FindLastRunAsync(cancellationToken),
        };
    }

    /// <summary>
    /// The fallback storage alone: one account that fails does not hide what the other one has. Messages that are put back again
    /// and again are not visible at most times: it looks for one for as long as they are delayed.
    /// </summary>
    /// <returns>Null without a fallback storage.</returns>
    public async Task<QueueState?> CheckFallbackAsync(CancellationToken cancellationToken)
    {
        var startedAt = time.GetTimestamp();
        while (true)
        {
            var state = StateOf(await waiting.PeekFallbackAsync(cancellationToken), StorageNames.FallbackQueue);
            if (state is not { Waiting: > 0, OldestReceivedAt: null } || time.GetElapsedTime(startedAt) >= LongestDelay)
            {
                return state;
            }

            await Task.Delay(BetweenInspections, time, cancellationToken);
        }
    }

    /// <summary>Reads all installs.</summary>
    public Task<IReadOnlyList<InstallCount>> CountInstallsAsync(CancellationToken cancellationToken) =>
        installs.CountAsync(cancellationToken);

    /// <returns>Null if the queue was not inspected.</returns>
    private QueueState? StateOf(IReadOnlyList<QueueInspector.PeekedQueue> queues, string name)
    {
        if (queues.FirstOrDefault(peeked => peeked.Queue == name) is not { } queue)
        {
            return null;
        }

        DateTimeOffset? oldest = queue.Seen.Count > 0 ? queue.Seen.Min(ReceivedAt) : null;
        return new QueueState(
            queue.Count, oldest, oldest < time.GetUtcNow() - LongestWait,
            queues.Single(peeked => peeked.Queue == StorageNames.PoisonOf(name)).Count);
    }

    /// <summary>A message that the application did not write has only the time at which it was added.</summary>
    private static DateTimeOffset ReceivedAt(WaitingMessage message)
    {
        try
        {
            return Envelope.Read(message.Text).Id.ReceivedAt;
        }
        catch (UnreadableEnvelopeException e)
        {
            return e.Id?.ReceivedAt ?? message.InsertedAt;
        }
    }

    private async Task<IReadOnlyList<DeadLetterCount>> CountAsync(DateTimeOffset since, CancellationToken cancellationToken)
    {
        var counts = new SortedDictionary<(string Kind, string Reason), (int Number, int Redriven)>();
        await foreach (var deadLetter in deadLetters.ReadWithoutBodiesAsync(since, cancellationToken))
        {
            var key = (deadLetter.Kind, deadLetter.Reason ?? "");
            var (number, redriven) = counts.GetValueOrDefault(key);
            counts[key] = (number + 1, redriven + (deadLetter.RedrivenAt is null ? 0 : 1));
        }

        return [.. counts.Select(
            count => new DeadLetterCount(count.Key.Kind, count.Key.Reason, count.Value.Number, count.Value.Redriven))];
    }
}

public sealed record StatusReport
{
    /// <summary>The application has not run on this storage; nothing else is known then.</summary>
    public bool IsEmpty { get; init; }

    /// <summary>
    /// Messages on the poison queue become dead letters within seconds, unless these cannot be recorded.
    /// </summary>
    public QueueState Queue { get; init; } = new(Waiting: 0, OldestReceivedAt: null, IsLate: false, Poisoned: 0);

    /// <summary>Null: the fallback storage was not inspected.</summary>
    public QueueState? Fallback { get; init; }

    /// <summary>The application's last check of the fallback storage. Null: there was none.</summary>
    public FallbackCheckResult? FallbackCheck { get; init; }

    /// <summary>
    /// All messages on the change feed that the partner's application has not received. Null without a change feed.
    /// </summary>
    public int? PassedOn { get; init; }

    public IReadOnlyList<DeadLetterCount> DeadLetters { get; init; } = [];

    /// <summary>What the last `reconcile` found. Null: it has not run on this storage.</summary>
    public ReconciliationRun? Reconciled { get; init; }

    /// <summary>Null: they were not counted.</summary>
    public IReadOnlyList<InstallCount>? Installs { get; init; }
}

/// <param name="Waiting">All messages on the queue, including those that are being processed.</param>
/// <param name="OldestReceivedAt">Of the first visible messages on the queue; null: none is visible.</param>
/// <param name="IsLate">That message has waited so long that the queue is not being processed, or fails.</param>
/// <param name="Poisoned">All messages on the poison queue.</param>
public sealed record QueueState(int Waiting, DateTimeOffset? OldestReceivedAt, bool IsLate, int Poisoned);

/// <param name="Redriven">How many of them were put back on the queue and have not failed again.</param>
public sealed record DeadLetterCount(string Kind, string Reason, int Number, int Redriven);
