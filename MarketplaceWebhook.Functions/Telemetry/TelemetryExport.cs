using Azure.Monitor.OpenTelemetry.Exporter;
using MarketplaceWebhook.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace MarketplaceWebhook.Telemetry;

/// <summary>
/// Exports traces, metrics and logs to Azure Monitor, to OTLP, to both, or to neither (then nothing is loaded).
/// </summary>
public static class TelemetryExport
{
    private const string SamplerSetting = "OTEL_TRACES_SAMPLER";

    /// <exception cref="SettingsException">A setting is malformed.</exception>
    public static void AddTelemetryExport(this IHostApplicationBuilder builder)
    {
        var settings = TelemetrySettings.Read(builder.Configuration);
        if (!settings.IsExporting)
        {
            return;
        }

        var telemetry = builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService(TelemetryNames.ServiceName))
            .WithTracing(tracing => tracing.AddSource(TelemetryNames.SourceName))
            .WithMetrics(metrics => metrics.AddMeter(TelemetryNames.SourceName))
            .WithLogging(configureBuilder: null, options => options.IncludeFormattedMessage = true);
        // The application has its own log messages for requests.
        builder.Logging.AddFilter<OpenTelemetryLoggerProvider>("Microsoft.AspNetCore", LogLevel.Warning);
        builder.Services.AddHostedService<TelemetryFlush>();

        if (settings.HasOtlp)
        {
            telemetry
                .WithTracing(tracing => tracing.AddOtlpExporter())
                .WithMetrics(metrics => metrics.AddOtlpExporter())
                .WithLogging(logging => logging.AddOtlpExporter());
        }

        if (settings.ConnectionString is not null)
        {
            telemetry
                .WithTracing(tracing => tracing.AddAzureMonitorTraceExporter(Configure))
                .WithMetrics(metrics => metrics.AddAzureMonitorMetricExporter(Configure))
                .WithLogging(logging => logging.AddAzureMonitorLogExporter(Configure));
        }

        void Configure(AzureMonitorExporterOptions options)
        {
            options.ConnectionString = settings.ConnectionString;
            options.Credential = settings.Credential;
            options.EnableLiveMetrics = false;
            options.EnablePerformanceCounters = false;
            // Every notification can be traced, unless a sampler is configured; the exporter's default is 5 traces per second.
            if (string.IsNullOrEmpty(builder.Configuration[SamplerSetting]))
            {
                options.TracesPerSecond = null;
                options.SamplingRatio = 1;
            }
        }
    }
}
