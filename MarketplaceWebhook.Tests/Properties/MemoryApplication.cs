using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Queues;
using MarketplaceWebhook.Projecting;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support.MemoryTables;
using Microsoft.Extensions.Logging.Abstractions;

namespace MarketplaceWebhook.Tests.Properties;

/// <summary>The application's projection on tables in memory. Queues and blobs are there and take no part.</summary>
internal sealed class MemoryApplication
{
    private static readonly StorageSettings Nowhere = StorageSettings.FromConnectionString("UseDevelopmentStorage=true");

    private MemoryApplication(MemoryTableClient installs, MemoryTableClient statusChanges, Projector projector) =>
        (Installs, StatusChanges, Projector) = (installs, statusChanges, projector);

    public MemoryTableClient Installs { get; }

    public MemoryTableClient StatusChanges { get; }

    public Projector Projector { get; }

    /// <param name="pageSize">Rows that one answer to a query looks at.</param>
    public static async Task<MemoryApplication> StartAsync(
        TimeProvider time, TableHooks hooks, int pageSize, CancellationToken cancellationToken)
    {
        var installs = new MemoryTableClient(StorageNames.InstallsTable, pageSize) { Hooks = hooks };
        var statusChanges = new MemoryTableClient(StorageNames.StatusChangesTable) { Hooks = hooks };
        var clients = new StorageClients(Nowhere)
        {
            Installs = installs,
            StatusChanges = statusChanges,
            DeadLetters = new MemoryTableClient(StorageNames.DeadLettersTable),
            Queue = new PresentQueue(),
            PoisonQueue = new PresentQueue(),
            Payloads = new PresentContainer(),
        };
        var setup = new StorageProvisioner(clients, NullLogger<StorageProvisioner>.Instance);
        await setup.Made();
        var projector = new Projector(
            new StatusChangeLog(clients, setup),
            new InstallTable(clients, setup),
            new StatusChangeReader(new PayloadBlobs(clients, setup)),
            new ProjectionRetry(new TimeLimits(), time, NullLogger<ProjectionRetry>.Instance),
            time,
            NullLogger<Projector>.Instance);
        return new(installs, statusChanges, projector);
    }

    private sealed class PresentQueue : QueueClient
    {
        public override Task<Response> CreateIfNotExistsAsync(
            IDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default) =>
            Task.FromResult<Response>(null!);
    }

    private sealed class PresentContainer : BlobContainerClient
    {
        public override Task<Response<BlobContainerInfo>> CreateIfNotExistsAsync(
            PublicAccessType publicAccessType = PublicAccessType.None,
            IDictionary<string, string>? metadata = null,
            BlobContainerEncryptionScopeOptions? encryptionScopeOptions = null,
            CancellationToken cancellationToken = default) => Task.FromResult<Response<BlobContainerInfo>>(null!);
    }
}
