using MarketplaceWebhook.Maintenance;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Projecting;
using MarketplaceWebhook.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace MarketplaceWebhook;

/// <summary>What an executable adds to its services: the function app projects, the command line tool maintains.</summary>
public static class ServiceRegistration
{
    public static IServiceCollection AddProjecting(this IServiceCollection services, StorageSettings settings, TimeLimits timeLimits) => services
        .AddSingleton(timeLimits)
        .AddStorage(settings)
        .AddHostedService(provider => provider.GetRequiredService<StorageProvisioner>())
        .AddSingleton<NotificationIds>()
        .AddSingleton<ProjectionRetry>()
        .AddSingleton<Projector>()
        .AddSingleton<DeadLetterRecorder>();

    public static IServiceCollection AddMaintenance(this IServiceCollection services, StorageSettings settings) => services
        .AddStorage(settings)
        .AddSingleton<QueueInspector>()
        .AddSingleton<AccountLookup>()
        .AddSingleton<Rebuild>()
        .AddSingleton<Redrive>()
        .AddSingleton<Erasure>()
        .AddSingleton<Purge>();

    private static IServiceCollection AddStorage(this IServiceCollection services, StorageSettings settings) => services
        .AddSingleton(TimeProvider.System)
        .AddSingleton(new StorageClients(settings))
        .AddSingleton<StorageProvisioner>()
        .AddSingleton<PayloadBlobs>()
        .AddSingleton<StatusChangeReader>()
        .AddSingleton<NotificationQueue>()
        .AddSingleton<InstallTable>()
        .AddSingleton<StatusChangeLog>()
        .AddSingleton<DeadLetterTable>();
}
