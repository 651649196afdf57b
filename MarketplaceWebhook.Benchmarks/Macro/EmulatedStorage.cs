using MarketplaceWebhook.Cli.LocalHost.Storage;

namespace MarketplaceWebhook.Benchmarks.Macro;

/// <summary>An Azurite in memory, with many accounts.</summary>
internal sealed class EmulatedStorage : IAsyncDisposable
{
    private const int Accounts = 300;

    private readonly Azurite azurite;
    private readonly AzuriteAccount[] accounts;
    private int taken;

    private EmulatedStorage(Azurite azurite, AzuriteAccount[] accounts) => (this.azurite, this.accounts) = (azurite, accounts);

    public static async Task<EmulatedStorage> StartAsync(Action<string> report, CancellationToken cancellationToken)
    {
        AzuriteAccount[] accounts =
            [.. Enumerable.Range(0, Accounts).Select(n => new AzuriteAccount($"bench{n:D3}", Convert.ToBase64String(Guid.NewGuid().ToByteArray())))];
        var azurite = await Azurite.StartAsync(
            new AzuriteOptions { BlobPort = 0, QueuePort = 0, TablePort = 0, Accounts = accounts, Report = report }, cancellationToken);
        return new EmulatedStorage(azurite, accounts);
    }

    /// <summary>An account that nothing was written to yet.</summary>
    public string NewAccount() => azurite.ConnectionString(accounts[taken++]);

    public ValueTask DisposeAsync() => azurite.DisposeAsync();
}
