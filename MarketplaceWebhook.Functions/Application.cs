using MarketplaceWebhook.DeadLetters;
using MarketplaceWebhook.Projecting;
using MarketplaceWebhook.Receiving;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace MarketplaceWebhook;

/// <summary>The application without its runtime: the same rooms whoever calls them.</summary>
public static class Application
{
    /// <exception cref="SettingsException">A setting is missing or malformed.</exception>
    public static IHostApplicationBuilder AddMarketplaceWebhook(this IHostApplicationBuilder builder)
    {
        var services = builder.Services;
        services.Configure<Patience>(Patience.Settings(builder.Configuration));
        services.AddSingleton(TimeProvider.System);

        services.AddSingleton(new StorageClients(StorageSettings.Read(builder.Configuration)));
        services.AddSingleton<StorageSetup>();
        services.AddHostedService(provider => provider.GetRequiredService<StorageSetup>());
        services.AddSingleton<StorageHealth>();
        services.AddSingleton<PayloadBlobs>();
        services.AddSingleton<NotificationQueue>();
        services.AddSingleton<InstallTable>();
        services.AddSingleton<StatusChangeLog>();
        services.AddSingleton<DeadLetterTable>();

        services.AddSingleton<NotificationIds>();
        services.AddSingleton<NotificationReceiver>();
        services.AddSingleton<Health>();

        services.AddSingleton<ProjectionRetry>();
        services.AddSingleton<Projector>();

        services.AddSingleton<DeadLetterRecorder>();

        builder.AddTelemetryExport();
        return builder;
    }
}
