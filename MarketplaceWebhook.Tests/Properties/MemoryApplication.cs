using Azure.Storage.Queues;
using MarketplaceWebhook.Projecting;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support.MemoryTables;
using Microsoft.Extensions.Logging.Abstractions;

namespace MarketplaceWebhook.Tests.Properties;

/// <summary>The application's projection on tables in memory. Queues and blobs are there and take no part.</summary>
internal sealed class MemoryApplication
{
    private static readonly StorageClients Nowhere = new(StorageSettings.FromConnectionString("UseDevelopmentStorage=true"));

    private MemoryApplication(MemoryTableClient installs, MemoryTableClient statusChanges, Projector projector) =>
        (Installs, StatusChanges, Projector) = (installs, statusChanges, projector);

    public MemoryTableClient Installs { get; }

    public MemoryTableClient StatusChanges { get; }

    public Projector Projector { get; }

    /// <param name="pageSize">Rows that one answer to a query looks at.</param>
    /// <param name="changeFeed">Null: there is no change feed.</param>
    public static async Task<MemoryApplication> StartAsync(
        TimeProvider time, TableHooks hooks, int pageSize, CancellationToken cancellationToken, QueueClient? changeFeed = null)
    {
        var installs = new MemoryTableClient(StorageNames.InstallsTable, pageSize) { Hooks = hooks };
        var statusChanges = new MemoryTableClient(StorageNames.StatusChangesTable) { Hooks = hooks };
        var clients = Nowhere with
        {
            Installs = installs,
            StatusChanges = statusChanges,
            DeadLetters = new MemoryTableClient(StorageNames.DeadLettersTable),
            ChangeFeed = changeFeed,
        };
        await Task.WhenAll(
            installs.CreateIfNotExistsAsync(cancellationToken), statusChanges.CreateIfNotExistsAsync(cancellationToken));
        var projector = new Projector(
            new StatusChangeLog(clients),
            new InstallTable(clients),
            new StatusChangeReader(new PayloadBlobs(clients)),
            new StorageRetry(new TimeLimits(), time, NullLogger<StorageRetry>.Instance),
            time,
            NullLogger<Projector>.Instance,
            changeFeed is null ? null : new ChangeFeedQueue(clients));
        return new(installs, statusChanges, projector);
    }
}
