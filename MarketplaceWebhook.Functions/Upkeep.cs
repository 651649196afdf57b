using MarketplaceWebhook.DeadLetters;
using MarketplaceWebhook.Projecting;
using MarketplaceWebhook.Retention;
using MarketplaceWebhook.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace MarketplaceWebhook;

/// <summary>What an operator needs of the application, without a runtime: it looks, mends, redrives and removes.</summary>
public static class Upkeep
{
    public static IServiceCollection AddUpkeep(this IServiceCollection services, StorageSettings settings) => services
        .AddLogging()
        .AddSingleton(TimeProvider.System)
        .AddSingleton(new StorageClients(settings))
        .AddSingleton<StorageSetup>()
        .AddSingleton<PayloadBlobs>()
        .AddSingleton<NotificationQueue>()
        .AddSingleton<WaitingMessages>()
        .AddSingleton<InstallTable>()
        .AddSingleton<StatusChangeLog>()
        .AddSingleton<DeadLetterTable>()
        .AddSingleton<Accounts>()
        .AddSingleton<Rebuild>()
        .AddSingleton<Redrive>()
        .AddSingleton<Erasure>()
        .AddSingleton<Purge>();
}
