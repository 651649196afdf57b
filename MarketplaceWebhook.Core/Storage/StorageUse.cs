namespace MarketplaceWebhook.Storage;

/// <summary>What a set of clients is used for: its label in metrics, and how long its calls may take.</summary>
/// <param name="NetworkTimeout">Of one attempt.</param>
/// <param name="CreatesOnRead">Reads, too, create missing queues, tables and the container; writes always do.</param>
/// <param name="IsFallback">Of the fallback storage, which has a queue of its own and no tables.</param>
public sealed record StorageUse(
    string Operation, TimeSpan NetworkTimeout, int MaxRetries, bool CreatesOnRead, bool IsFallback = false)
{
    public const string Receive = "receive";
    public const string Fallback = "fallback";
    public const string Project = "project";
    public const string Maintain = "maintain";

    /// <summary>A connection that hangs leaves time for a second one before the caller's 10 s are over.</summary>
    private static readonly TimeSpan ShortTimeout = TimeSpan.FromSeconds(4);

    /// <summary>Two attempts fit into the half of the caller's time that the primary storage leaves.</summary>
    private static readonly TimeSpan FallbackTimeout = TimeSpan.FromSeconds(2);

    public static StorageUse Receiving { get; } = new(Receive, ShortTimeout, MaxRetries: 2, CreatesOnRead: true);

    public static StorageUse FallingBack { get; } =
        new(Fallback, FallbackTimeout, MaxRetries: 1, CreatesOnRead: true, IsFallback: true);

    public static StorageUse Projecting { get; } = new(Project, ShortTimeout, MaxRetries: 2, CreatesOnRead: true);

    public string QueueName => IsFallback ? StorageNames.FallbackQueue : StorageNames.Queue;

    /// <summary>Scans: Table Storage may take 30 s for one page. A command that changes nothing creates nothing.</summary>
    public static StorageUse Maintenance(TimeLimits timeLimits) =>
        new(Maintain, timeLimits.Maintenance, MaxRetries: 3, CreatesOnRead: false);
}
