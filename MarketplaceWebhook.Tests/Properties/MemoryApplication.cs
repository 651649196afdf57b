using Azure.Storage.Queues;
using MarketplaceWebhook.Projecting;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support.Histories;
using MarketplaceWebhook.Tests.Support.MemoryTables;
using Microsoft.Extensions.Logging.Abstractions;

namespace MarketplaceWebhook.Tests.Properties;

/// <summary>The application's projection on tables in memory. Queues and blobs are there and take no part.</summary>
internal sealed class MemoryApplication
{
    private static readonly StorageClients Nowhere = new(StorageSettings.FromConnectionString("UseDevelopmentStorage=true"));

    private MemoryApplication(
        MemoryTableClient installs, MemoryTableClient statusChanges, MemoryTableClient accounts, Projector projector) =>
        (Installs, StatusChanges, Accounts, Projector) = (installs, statusChanges, accounts, projector);

    public MemoryTableClient Installs { get; }

    public MemoryTableClient StatusChanges { get; }

    public MemoryTableClient Accounts { get; }

    public Projector Projector { get; }

    /// <param name="pageSize">Rows that one response to a query covers.</param>
    /// <param name="changeFeed">Null: there is no change feed.</param>
    public static async Task<MemoryApplication> StartAsync(
        TimeProvider time, TableHooks hooks, int pageSize, CancellationToken cancellationToken, QueueClient? changeFeed = null)
    {
        var installs = new MemoryTableClient(StorageNames.InstallsTable, pageSize);
        var statusChanges = new MemoryTableClient(StorageNames.StatusChangesTable) { Hooks = hooks };
        var accounts = new MemoryTableClient(StorageNames.AccountsTable) { Hooks = hooks };
        installs.Hooks = new TableHooks
        {
            Before = hooks.Before,
            After = (call, token) =>
            {
                AccountRows.AssertEveryInstallIsIndexed(installs.Rows, accounts.Rows);
                return hooks.After(call, token);
            },
        };
        var clients = Nowhere with
        {
            Installs = installs,
            StatusChanges = statusChanges,
            Accounts = accounts,
            DeadLetters = new MemoryTableClient(StorageNames.DeadLettersTable),
            ChangeFeed = changeFeed,
        };
        await Task.WhenAll(
            installs.CreateIfNotExistsAsync(cancellationToken), statusChanges.CreateIfNotExistsAsync(cancellationToken));
        var projector = new Projector(
            new StatusChangeLog(clients),
            new InstallTable(clients),
            new AccountTable(clients),
            new StatusChangeReader(new PayloadBlobs(clients)),
            new StorageRetry(new TimeLimits(), time, NullLogger<StorageRetry>.Instance),
            time,
            NullLogger<Projector>.Instance,
            changeFeed is null ? null : new ChangeFeedQueue(clients));
        return new(installs, statusChanges, accounts, projector);
    }
}
