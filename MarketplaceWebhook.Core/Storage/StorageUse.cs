namespace MarketplaceWebhook.Storage;

/// <summary>What a set of clients is used for: its label in metrics, and how long its calls may take.</summary>
/// <param name="NetworkTimeout">Of one attempt.</param>
/// <param name="CreatesOnRead">Reads, too, create missing queues, tables and the container; writes always do.</param>
public sealed record StorageUse(string Operation, TimeSpan NetworkTimeout, int MaxRetries, bool CreatesOnRead)
{
    public const string Receive = "receive";
    public const string Project = "project";
    public const string Maintain = "maintain";

    /// <summary>A connection that hangs leaves time for a second one before the caller's 10 s are over.</summary>
    private static readonly TimeSpan ShortTimeout = TimeSpan.FromSeconds(4);

    public static StorageUse Receiving { get; } = new(Receive, ShortTimeout, MaxRetries: 2, CreatesOnRead: true);

    public static StorageUse Projecting { get; } = new(Project, ShortTimeout, MaxRetries: 2, CreatesOnRead: true);

    /// <summary>Scans: Table Storage may take 30 s for one page. A command that changes nothing creates nothing.</summary>
    public static StorageUse Maintenance(TimeLimits timeLimits) =>
        new(Maintain, timeLimits.Maintenance, MaxRetries: 3, CreatesOnRead: false);
}
