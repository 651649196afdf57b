using System.Diagnostics;
using MarketplaceWebhook.Telemetry;
using MarketplaceWebhook.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using OpenTelemetry;
using OpenTelemetry.Trace;

namespace MarketplaceWebhook.Tests.Telemetry;

public sealed class TelemetryFlushTests
{
    [Fact]
    public async Task Flush_runs_outside_the_thread_pool()
    {
        var time = new FakeTimeProvider();
        using var processor = new FlushedProcessor();
        var services = new ServiceCollection().AddSingleton<TimeProvider>(time).AddSingleton<TelemetryFlush>();
        services.AddOpenTelemetry().WithTracing(tracing => tracing.AddProcessor(processor)).WithMetrics().WithLogging();
        await using var provider = services.BuildServiceProvider();
        var flush = provider.GetRequiredService<TelemetryFlush>();
        await flush.StartAsync(Cancellation);

        await Wait.ForAsync(
            "a flush",
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(2));
                return processor.IsPoolThread is not null;
            },
            Cancellation);
        await flush.StopAsync(Cancellation);

        Assert.False(processor.IsPoolThread);
    }

    private sealed class FlushedProcessor : BaseProcessor<Activity>
    {
        /// <summary>Of the thread of the first flush; null: there was none yet.</summary>
        public bool? IsPoolThread { get; private set; }

        protected override bool OnForceFlush(int timeoutMilliseconds)
        {
            IsPoolThread ??= Thread.CurrentThread.IsThreadPoolThread;
            return true;
        }
    }
}
