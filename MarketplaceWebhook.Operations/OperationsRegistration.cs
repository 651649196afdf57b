using MarketplaceWebhook.Maintenance;
using MarketplaceWebhook.Reconciling;
using MarketplaceWebhook.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace MarketplaceWebhook;

/// <summary>What an executable adds to its services to inspect and to maintain a storage account.</summary>
public static class OperationsRegistration
{
    /// <param name="profile">Null: for maintenance.</param>
    public static IServiceCollection AddMaintenance(
        this IServiceCollection services, AppSettings settings, StorageProfile? profile = null)
    {
        var maintenance = StorageProfile.Maintenance(settings.TimeLimits);
        return services
            .AddStorage(settings, profile ?? maintenance, maintenance with { IsFallback = true })
            .AddSingleton<QueueInspector>()
            .AddSingleton<AccountLookup>()
            .AddSingleton<AccountSearch>()
            .AddSingleton<InstallQueries>()
            .AddSingleton<DeadLetterQueries>()
            .AddSingleton<Rebuild>()
            .AddSingleton<Redrive>()
            .AddSingleton<StatusCheck>()
            .AddSingleton<ReconciliationTable>()
            .AddSingleton<Reconciliation>()
            .AddSingleton<Erasure>()
            .AddSingleton<Purge>();
    }
}
