namespace MarketplaceWebhook.LocalHost.Storage;

public sealed record AzuriteOptions
{
    /// <summary>The data folder; null keeps the data in memory.</summary>
    public string? DataDirectory { get; init; }

    /// <summary>0 takes a free port.</summary>
    public int BlobPort { get; init; } = 10000;

    public int QueuePort { get; init; } = 10001;

    public int TablePort { get; init; } = 10002;

    /// <summary>Empty: the well-known account only.</summary>
    public IReadOnlyList<AzuriteAccount> Accounts { get; init; } = [];

    /// <summary>Told what takes long, such as an installation: one line at a time.</summary>
    public Action<string> Report { get; init; } = _ => { };
}
