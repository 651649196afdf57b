using MarketplaceWebhook.Fallback;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Projecting;
using MarketplaceWebhook.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace MarketplaceWebhook;

/// <summary>
/// What an executable adds to its services to receive and to project.
/// </summary>
public static class ServiceRegistration
{
    /// <summary>The services for receiving, with clients of their own, under the key <see cref="StorageUse.Receive"/>.</summary>
    public static IServiceCollection AddReceiving(
        this IServiceCollection services, StorageSettings settings, StorageSettings? fallback) => services
        .AddSingleton<NotificationIds>()
        .AddSingleton<StorageHealth>()
        .AddKeyedSingleton(StorageUse.Receive, (provider, _) => Clients(provider, settings, StorageUse.Receiving))
        .AddKeyedSingleton(StorageUse.Receive, (provider, key) => new PayloadBlobs(
            provider.GetRequiredKeyedService<StorageClients>(key)))
        .AddKeyedSingleton(StorageUse.Receive, (provider, key) => new NotificationQueue(
            provider.GetRequiredKeyedService<StorageClients>(key), provider.GetRequiredKeyedService<PayloadBlobs>(key)))
        .AddKeyedSingleton(StorageUse.Receive, (provider, key) => new DeadLetterTable(
            provider.GetRequiredKeyedService<StorageClients>(key), provider.GetRequiredKeyedService<PayloadBlobs>(key)))
        .AddSingleton(provider => new NotificationSender(
            provider.GetRequiredKeyedService<NotificationQueue>(StorageUse.Receive),
            fallback is null || fallback.IsSameAccountAs(settings)
                ? null
                : provider.GetRequiredKeyedService<NotificationQueue>(StorageUse.Fallback),
            provider.GetRequiredService<TimeLimits>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<NotificationSender>>()))
        .AddFallback(fallback ?? settings, StorageUse.FallingBack)
        .AddSingleton<FallbackMover>();

    public static IServiceCollection AddProjecting(
        this IServiceCollection services, StorageSettings settings, TimeLimits timeLimits) => services
        .AddStorage(settings, timeLimits, StorageUse.Projecting)
        .AddSingleton<Projector>()
        .AddSingleton<DeadLetterRecorder>();

    internal static IServiceCollection AddFallback(
        this IServiceCollection services, StorageSettings settings, StorageUse use) => services
        .AddKeyedSingleton(StorageUse.Fallback, (provider, _) => Clients(provider, settings, use))
        .AddKeyedSingleton(StorageUse.Fallback, (provider, key) => new PayloadBlobs(
            provider.GetRequiredKeyedService<StorageClients>(key)))
        .AddKeyedSingleton(StorageUse.Fallback, (provider, key) => new NotificationQueue(
            provider.GetRequiredKeyedService<StorageClients>(key), provider.GetRequiredKeyedService<PayloadBlobs>(key)));

    internal static IServiceCollection AddStorage(
        this IServiceCollection services, StorageSettings settings, TimeLimits timeLimits, StorageUse use) => services
        .AddSingleton(TimeProvider.System)
        .AddSingleton(timeLimits)
        .AddSingleton(provider => Clients(provider, settings, use))
        .AddSingleton<StorageRetry>()
        .AddSingleton<PayloadBlobs>()
        .AddSingleton<StatusChangeReader>()
        .AddSingleton<NotificationQueue>()
        .AddSingleton<InstallTable>()
        .AddSingleton<StatusChangeLog>()
        .AddSingleton<DeadLetterTable>()
        .AddChangeFeed(settings);

    private static IServiceCollection AddChangeFeed(this IServiceCollection services, StorageSettings settings) =>
        settings.ChangeFeed is null ? services : services.AddSingleton<ChangeFeedQueue>();

    private static StorageClients Clients(IServiceProvider provider, StorageSettings settings, StorageUse use) =>
        new(settings, use, provider.GetRequiredService<ILogger<StorageClients>>());
}
