using MarketplaceWebhook.Maintenance;
using MarketplaceWebhook.Reconciling;
using MarketplaceWebhook.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace MarketplaceWebhook;

/// <summary>What an executable adds to its services to inspect and to maintain a storage account.</summary>
public static class OperationsRegistration
{
    /// <param name="use">Null: maintenance.</param>
    public static IServiceCollection AddMaintenance(
        this IServiceCollection services, StorageSettings settings, TimeLimits timeLimits, StorageUse? use = null,
        StorageSettings? fallback = null) =>
        (fallback is null || fallback.IsSameAccountAs(settings)
            ? services
            : services.AddFallback(fallback, StorageUse.Maintenance(timeLimits) with { IsFallback = true }))
        .AddStorage(settings, timeLimits, use ?? StorageUse.Maintenance(timeLimits))
        .AddSingleton<QueueInspector>()
        .AddSingleton<AccountLookup>()
        .AddSingleton<Rebuild>()
        .AddSingleton<Redrive>()
        .AddSingleton<StatusCheck>()
        .AddSingleton<ReconciliationTable>()
        .AddSingleton<Reconciliation>()
        .AddSingleton<Erasure>()
        .AddSingleton<Purge>();
}
