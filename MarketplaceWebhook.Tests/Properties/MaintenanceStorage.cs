using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;
using MarketplaceWebhook.Tests.Support.MemoryStorage;
using MarketplaceWebhook.Tests.Support.MemoryTables;

namespace MarketplaceWebhook.Tests.Properties;

/// <summary>The storage of a <see cref="MaintenanceHistory"/>, in memory, and the services on it.</summary>
internal sealed class MaintenanceStorage : IAsyncDisposable
{
    /// <param name="hooks">Around each call of either account.</param>
    public MaintenanceStorage(FallbackAccount kind, TableHooks hooks)
    {
        Kind = kind;
        Primary = new MemoryAccount(Time, hooks, pageSize: 10);
        Fallback = new MemoryAccount(Time, hooks, isFallback: true);
        EarlierPayloads = kind == FallbackAccount.SameUnderAnotherAddress
            ? Primary.Payloads : new MemoryBlobContainerClient(StorageNames.PayloadContainer, Time) { Hooks = hooks };
        Services = MaintenanceServices.On(
            Primary.Clients, Time, Fallback.Clients with { EarlierPayloads = EarlierPayloads });
    }

    public FallbackAccount Kind { get; }

    public InstantTime Time { get; } = new(Ids.Start);

    public MemoryAccount Primary { get; }

    public MemoryAccount Fallback { get; }

    /// <summary>In the fallback storage, where an earlier version put the payloads.</summary>
    public MemoryBlobContainerClient EarlierPayloads { get; }

    /// <summary>The names of payloads there that the deployment whose primary storage it is refers to.</summary>
    public List<string> OfAnotherDeployment { get; } = [];

    public MaintenanceServices Services { get; }

    public ValueTask DisposeAsync() => Services.DisposeAsync();
}

/// <summary>What the fallback storage is besides.</summary>
public enum FallbackAccount
{
    Nothing,
    PrimaryOfAnotherDeployment,

    /// <summary>The primary storage itself: the settings do not show it, because its address is another one.</summary>
    SameUnderAnotherAddress,
}
