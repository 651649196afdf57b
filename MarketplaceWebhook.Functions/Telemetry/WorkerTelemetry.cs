using Microsoft.Azure.Functions.Worker.OpenTelemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MarketplaceWebhook.Telemetry;

/// <summary>
/// The worker's part of a trace: the host creates the span of a request, and the worker continues it. Added before the exporters,
/// whose service name replaces the worker's.
/// </summary>
internal static class WorkerTelemetry
{
    /// <summary>Logs every failed invocation as an error.</summary>
    private const string WorkerInvocations = "Microsoft.Azure.Functions.Worker.FunctionsApplication";

    public static void AddWorkerTelemetry(this IHostApplicationBuilder builder)
    {
        // The projector and the recorder log a failed delivery with its notification id, and the host logs the invocation.
        builder.Logging.AddFilter(WorkerInvocations, LogLevel.Critical);
        if (TelemetrySettings.Read(builder.Configuration).IsExporting)
        {
            builder.Services.AddOpenTelemetry().UseFunctionsWorkerDefaults();
        }
    }
}
