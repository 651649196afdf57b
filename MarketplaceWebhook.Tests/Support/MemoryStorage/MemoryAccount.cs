using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support.MemoryTables;

namespace MarketplaceWebhook.Tests.Support.MemoryStorage;

/// <summary>A storage account in memory.</summary>
internal sealed class MemoryAccount
{
    private static readonly StorageClients Primary = new(StorageSettings.FromConnectionString("UseDevelopmentStorage=true"));
    private static readonly StorageClients Fallback = new(StorageSettings.FromConnectionString(
        "AccountName=fallback;AccountKey=a2V5;DefaultEndpointsProtocol=https;EndpointSuffix=core.windows.net"));

    /// <param name="time">Of rows, messages and blobs.</param>
    /// <param name="hooks">Around each call.</param>
    /// <param name="pageSize">Rows that one response to a query covers.</param>
    public MemoryAccount(TimeProvider time, TableHooks hooks, int pageSize = 1000, bool isFallback = false)
    {
        Installs = Table(StorageNames.InstallsTable);
        StatusChanges = Table(StorageNames.StatusChangesTable);
        DeadLetters = Table(StorageNames.DeadLettersTable);
        Accounts = Table(StorageNames.AccountsTable);
        Reconciliations = Table(StorageNames.ReconciliationsTable);
        var profile = isFallback ? StorageProfile.Fallback : StorageProfile.Primary;
        Queue = new MemoryQueueClient(profile.QueueName, time) { Hooks = hooks };
        PoisonQueue = new MemoryQueueClient(StorageNames.PoisonOf(profile.QueueName), time) { Hooks = hooks };
        Payloads = new MemoryBlobContainerClient(profile.PayloadContainer, time) { Hooks = hooks };
        Clients = (isFallback ? Fallback : Primary) with
        {
            Installs = Installs,
            StatusChanges = StatusChanges,
            DeadLetters = DeadLetters,
            Accounts = Accounts,
            Reconciliations = Reconciliations,
            Queue = Queue,
            RawQueue = Queue,
            PoisonQueue = PoisonQueue,
            RawPoisonQueue = PoisonQueue,
            FallbackQueue = isFallback ? Queue : Primary.FallbackQueue,
            Payloads = Payloads,
        };

        MemoryTableClient Table(string name) => new(name, pageSize, time) { Hooks = hooks };
    }

    public MemoryTableClient Installs { get; }

    public MemoryTableClient StatusChanges { get; }

    public MemoryTableClient DeadLetters { get; }

    public MemoryTableClient Accounts { get; }

    public MemoryTableClient Reconciliations { get; }

    public MemoryQueueClient Queue { get; }

    public MemoryQueueClient PoisonQueue { get; }

    public MemoryBlobContainerClient Payloads { get; }

    /// <summary>The application's.</summary>
    public StorageClients Clients { get; init; }
}
