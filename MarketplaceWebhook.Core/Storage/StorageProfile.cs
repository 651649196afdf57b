using MarketplaceWebhook.Telemetry;

namespace MarketplaceWebhook.Storage;

/// <summary>How the clients of a storage account call it.</summary>
/// <param name="Operation">The label of their retries in metrics.</param>
/// <param name="NetworkTimeout">Of one attempt.</param>
/// <param name="CreatesOnRead">Reads, too, create missing queues, tables and the container; writes always do.</param>
/// <param name="RetriesBusyFor">How long calls are retried while storage responds that it is busy; zero: only MaxRetries.</param>
/// <param name="IsFallback">Of the fallback storage, which has a queue of its own and no tables.</param>
public sealed record StorageProfile(
    string Operation, TimeSpan NetworkTimeout, int MaxRetries, bool CreatesOnRead, TimeSpan RetriesBusyFor = default,
    bool IsFallback = false)
{
    /// <summary>A connection that hangs leaves time for a second one before the caller's 10 s are over.</summary>
    private static readonly TimeSpan ShortTimeout = TimeSpan.FromSeconds(4);

    /// <summary>Two attempts fit into the half of the caller's time that the primary storage leaves.</summary>
    private static readonly TimeSpan FallbackTimeout = TimeSpan.FromSeconds(2);

    /// <summary>The application's, for receiving and projecting.</summary>
    public static StorageProfile Primary { get; } = new(
        RetriedOperation.Primary, ShortTimeout, MaxRetries: 2, CreatesOnRead: true);

    public static StorageProfile Fallback { get; } = new(
        RetriedOperation.Fallback, FallbackTimeout, MaxRetries: 1, CreatesOnRead: true, IsFallback: true);

    public string QueueName => IsFallback ? StorageNames.FallbackQueue : StorageNames.Queue;

    public string PayloadContainer => IsFallback ? StorageNames.FallbackPayloadContainer : StorageNames.PayloadContainer;

    /// <summary>Scans: Table Storage may take 30 s for one page. A command that changes nothing creates nothing.</summary>
    public static StorageProfile Maintenance(TimeLimits timeLimits) => new(
        RetriedOperation.Maintenance, timeLimits.Maintenance, MaxRetries: 3, CreatesOnRead: false,
        RetriesBusyFor: timeLimits.Maintenance);
}
