using Microsoft.Azure.Functions.Worker.OpenTelemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace MarketplaceWebhook.Telemetry;

/// <summary>
/// The worker's part of a trace: the host creates the span of a request, and the worker continues it. Added before the exporters, whose
/// service name replaces the worker's.
/// </summary>
internal static class WorkerTelemetry
{
    public static void AddWorkerTelemetry(this IHostApplicationBuilder builder)
    {
        if (TelemetrySettings.Read(builder.Configuration).IsExporting)
        {
            builder.Services.AddOpenTelemetry().UseFunctionsWorkerDefaults();
        }
    }
}
