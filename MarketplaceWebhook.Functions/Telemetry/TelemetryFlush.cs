using Microsoft.Extensions.Hosting;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace MarketplaceWebhook.Telemetry;

/// <summary>
/// Flushes telemetry at short intervals, because the host kills a process without a signal. The exporters' own intervals
/// (spans 5 s, metrics 60 s) can only be configured for OTLP.
/// </summary>
internal sealed class TelemetryFlush(TracerProvider tracing, MeterProvider metrics, LoggerProvider logging, TimeProvider time)
    : BackgroundService
{
    private const int FlushesPerMetricExport = 3;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        for (var flush = 1; await timer.WaitForNextTickAsync(stoppingToken); flush++)
        {
            // A flush blocks until the exporters are done, up to the timeout: a thread of its own leaves those of the pool to
            // requests.
            var withMetrics = flush % FlushesPerMetricExport == 0;
            await Task.Factory.StartNew(
                () => Flush(withMetrics), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
    }

    private void Flush(bool withMetrics)
    {
        tracing.ForceFlush((int)Timeout.TotalMilliseconds);
        logging.ForceFlush((int)Timeout.TotalMilliseconds);
        if (withMetrics)
        {
            metrics.ForceFlush((int)Timeout.TotalMilliseconds);
        }
    }
}
