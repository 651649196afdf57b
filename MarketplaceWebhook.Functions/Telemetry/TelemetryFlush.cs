using Microsoft.Extensions.Hosting;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace MarketplaceWebhook.Telemetry;

/// <summary>
/// Sends what has gathered, at short intervals: the host kills a process without a signal. The exporters' own pace (spans 5 s,
/// metrics 60 s) can be set for OTLP alone.
/// </summary>
internal sealed class TelemetryFlush(TracerProvider tracing, MeterProvider metrics, LoggerProvider logging, TimeProvider time)
    : BackgroundService
{
    private const int FlushesPerMetricExport = 3;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        for (var flush = 1; await timer.WaitForNextTickAsync(stoppingToken); flush++)
        {
            tracing.ForceFlush((int)Patience.TotalMilliseconds);
            logging.ForceFlush((int)Patience.TotalMilliseconds);
            if (flush % FlushesPerMetricExport == 0)
            {
                metrics.ForceFlush((int)Patience.TotalMilliseconds);
            }
        }
    }
}
