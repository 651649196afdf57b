using System.Diagnostics.CodeAnalysis;
using MarketplaceWebhook.DeadLetters;
using MarketplaceWebhook.Projecting;
using MarketplaceWebhook.Receiving;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MarketplaceWebhook;

/// <summary>The application without its runtime: the same rooms whoever calls them.</summary>
public static class Application
{
    /// <exception cref="SettingsException">A setting is missing or malformed.</exception>
    public static IHostApplicationBuilder AddMarketplaceWebhook(this IHostApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddSingleton(Patience.Read(builder.Configuration));
        services.AddSingleton(TimeProvider.System);

        services.AddSingleton(new StorageClients(StorageSettings.Read(builder.Configuration)));
        services.AddWithLogger<StorageSetup>();
        services.AddHostedService(provider => provider.GetRequiredService<StorageSetup>());
        services.AddSingleton<StorageHealth>();
        services.AddSingleton<PayloadBlobs>();
        services.AddSingleton<NotificationQueue>();
        services.AddSingleton<InstallTable>();
        services.AddSingleton<StatusChangeLog>();
        services.AddSingleton<DeadLetterTable>();

        services.AddSingleton<NotificationIds>();
        services.AddWithLogger<NotificationReceiver>();
        services.AddSingleton<Health>();

        services.AddWithLogger<ProjectionRetry>();
        services.AddWithLogger<Projector>();

        services.AddWithLogger<DeadLetterRecorder>();

        builder.AddTelemetryExport();
        return builder;
    }

    /// <summary>
    /// A service and its logger. The container would close <c>ILogger&lt;&gt;</c> itself, which takes a native build a millisecond for each.
    /// </summary>
    private static void AddWithLogger<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] T>(
        this IServiceCollection services)
        where T : class
    {
        services.AddSingleton<ILogger<T>>(provider => new Logger<T>(provider.GetRequiredService<ILoggerFactory>()));
        services.AddSingleton<T>();
    }
}
