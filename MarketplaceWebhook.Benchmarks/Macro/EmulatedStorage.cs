using Azure.Data.Tables;
using Azure.Storage.Queues;
using MarketplaceWebhook.LocalHost.Storage;
using MarketplaceWebhook.Storage;

namespace MarketplaceWebhook.Benchmarks.Macro;

/// <summary>
/// An Azurite in memory, with many accounts. Each section starts its own: Azurite keeps the messages of all queues in one list,
/// and searches it for each message.
/// </summary>
internal sealed class EmulatedStorage : IAsyncDisposable
{
    private const int Accounts = 300;

    private readonly Azurite _azurite;
    private readonly AzuriteAccount[] _accounts;
    private int _used;

    private EmulatedStorage(Azurite azurite, AzuriteAccount[] accounts) => (_azurite, _accounts) = (azurite, accounts);

    public static async Task<EmulatedStorage> StartAsync(Action<string> report, CancellationToken cancellationToken)
    {
        AzuriteAccount[] accounts =
            [.. Enumerable.Range(0, Accounts)
                .Select(n => new AzuriteAccount($"bench{n:D3}", Convert.ToBase64String(Guid.NewGuid().ToByteArray())))];
        var azurite = await Azurite.StartAsync(
            new AzuriteOptions { BlobPort = 0, QueuePort = 0, TablePort = 0, Accounts = accounts, Report = report },
            cancellationToken);
        return new EmulatedStorage(azurite, accounts);
    }

    /// <summary>An unused account with the queues and tables, which the bare worker does not create.</summary>
    /// <returns>The connection string.</returns>
    public async Task<string> NewAccountAsync(CancellationToken cancellationToken)
    {
        var connection = _azurite.ConnectionString(_accounts[_used++]);
        foreach (var queue in (string[])[StorageNames.Queue, StorageNames.PoisonQueue])
        {
            await new QueueClient(connection, queue).CreateAsync(cancellationToken: cancellationToken);
        }

        foreach (var table in (string[])[StorageNames.InstallsTable, StorageNames.StatusChangesTable, StorageNames.AccountsTable])
        {
            await new TableServiceClient(connection).CreateTableAsync(table, cancellationToken);
        }

        return connection;
    }

    public ValueTask DisposeAsync() => _azurite.DisposeAsync();
}
