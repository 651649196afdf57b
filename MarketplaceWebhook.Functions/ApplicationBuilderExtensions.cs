using MarketplaceWebhook.Receiving;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MarketplaceWebhook;

public static class ApplicationBuilderExtensions
{
    /// <summary>Adds the application: receiving over HTTP, projecting, and the export of telemetry.</summary>
    /// <exception cref="SettingsException">A setting is missing or malformed.</exception>
    public static IHostApplicationBuilder AddMarketplaceWebhook(this IHostApplicationBuilder builder)
    {
        var settings = AppSettings.Read(builder.Configuration);
        // At the level Information it logs every URL, which includes the function key.
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        builder.Services
            .AddReceiving(settings)
            .AddProjecting(settings)
            .AddSingleton(settings)
            .AddHostedService<FallbackOwnership>()
            .AddSingleton<NotificationReceiver>()
            .AddSingleton<Health>();
        builder.AddTelemetryExport();
        return builder;
    }
}
