using MarketplaceWebhook.Fallback;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Projecting;
using MarketplaceWebhook.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace MarketplaceWebhook;

/// <summary>
/// What an executable adds to its services to receive and to project. Each works without the other; together they share the
/// clients.
/// </summary>
public static class ServiceRegistration
{
    public static IServiceCollection AddReceiving(this IServiceCollection services, AppSettings settings) => services
        .AddStorage(settings, StorageProfile.Primary, StorageProfile.Fallback)
        .AddSingleton<NotificationIds>()
        .AddSingleton<StorageHealth>()
        .AddSingleton<NotificationSender>()
        .AddSingleton<FallbackCheck>();

    public static IServiceCollection AddProjecting(this IServiceCollection services, AppSettings settings) => services
        .AddStorage(settings, StorageProfile.Primary, StorageProfile.Fallback)
        .AddSingleton<Projector>()
        .AddSingleton<DeadLetterRecorder>()
        .AddSingleton<FallbackMover>();

    internal static IServiceCollection AddStorage(
        this IServiceCollection services, AppSettings settings, StorageProfile profile, StorageProfile fallbackProfile)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(settings.TimeLimits);
        services.TryAddSingleton(provider => new StorageClients(
            settings.Storage, profile, settings.ChangeFeed, provider.GetRequiredService<ILogger<StorageClients>>()));
        services.TryAddSingleton<StorageRetry>();
        services.TryAddSingleton<PayloadBlobs>();
        services.TryAddSingleton<StatusChangeReader>();
        services.TryAddSingleton<NotificationQueue>();
        services.TryAddSingleton<InstallTable>();
        services.TryAddSingleton<AccountTable>();
        services.TryAddSingleton<StatusChangeLog>();
        services.TryAddSingleton<DeadLetterTable>();
        if (settings.Fallback is { } fallback)
        {
            services.TryAddSingleton(provider => new FallbackStorage(new StorageClients(
                fallback, fallbackProfile, logger: provider.GetRequiredService<ILogger<StorageClients>>())));
        }

        if (settings.ChangeFeed is not null)
        {
            services.TryAddSingleton<ChangeFeedQueue>();
        }

        return services;
    }
}
