using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Projecting;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Telemetry;
using MarketplaceWebhook.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace MarketplaceWebhook.Tests.Telemetry;

public sealed class ProjectionCountTests(AzuriteFixture azurite)
{
    private const string Body =
        """
        {"Status":"installed","AccountId":"00000000-0000-0000-0000-000000000001",
         "MarketplaceIntegrationPackageId":1,"Errors":["no"]}
        """;

    /// <summary>Measurements are made where the projector runs: only those below this test are its own.</summary>
    private static readonly AsyncLocal<Dictionary<string, int>?> Own = new();

    [Fact]
    public async Task Redelivered_or_replayed_message_is_counted_once()
    {
        await using var app = new TestApp(azurite.NewAccount());
        var projector = app.Get<Projector>();
        var message = Message(app);

        var counts = await CountAsync(async () =>
        {
            await projector.ProjectAsync(message, Cancellation);
            await projector.ProjectAsync(message, Cancellation);
        });

        Assert.Equal(
            new Dictionary<string, int>
            {
                [TelemetryNames.Metrics.Projected] = 1,
                [TelemetryNames.Metrics.ProjectionDelay] = 1,
                [TelemetryNames.Metrics.InstallsWithErrors] = 1,
            },
            counts);
    }

    [Fact]
    public async Task Installed_redelivered_after_an_uninstalled_is_not_counted_again()
    {
        await using var app = new TestApp(azurite.NewAccount());
        var projector = app.Get<Projector>();
        await projector.ProjectAsync(Of(1, "installed", [1]), Cancellation);
        await projector.ProjectAsync(Of(2, "uninstalled", [1]), Cancellation);

        var counts = await CountAsync(() => projector.ProjectAsync(Of(1, "installed", [1]), Cancellation));

        Assert.Empty(counts);
    }

    [Theory]
    [InlineData(new[] { 1 }, 1)]
    [InlineData(new[] { 1, 3 }, 1)]
    [InlineData(new[] { 1, 2 }, null)]
    [InlineData(new[] { 1, 2, 3 }, null)]
    [InlineData(new int[0], null)]
    [InlineData(null, null)]
    public async Task Uninstalled_that_lists_some_live_cycles_and_not_all_is_counted_once(int[]? listed, int? count)
    {
        var logged = new LogLines();
        await using var app = new TestApp(
            azurite.NewAccount(), replace: services => services.AddLogging(logging => logging.AddProvider(logged)));
        var projector = app.Get<Projector>();
        await app.Storage.CreateMissingAsync(Cancellation);
        await projector.ProjectAsync(Of(1, "installed", [1, 2]), Cancellation);

        var counts = await CountAsync(async () =>
        {
            await projector.ProjectAsync(Of(2, "uninstalled", listed), Cancellation);
            await projector.ProjectAsync(Of(2, "uninstalled", listed), Cancellation);
        });

        Assert.Equal(count, counts.TryGetValue(TelemetryNames.Metrics.PartiallyUninstalled, out var counted) ? counted : null);
        Assert.Equal(
            count is null
                ? []
                : [$"{Ids.Minute(2)}, an uninstalled of package 1 in account {Guid.Empty}, lists some cycles and not 1 other live "
                    + "ones: all have ended in Installs; `reconcile` reports those that Cyclr still has"],
            logged.Warnings);
    }

    [Fact]
    public async Task Message_on_the_change_feed_is_counted_each_time_it_is_sent()
    {
        await using var app = new TestApp(azurite.NewAccount(), new() { ["ChangeFeed"] = "partner-changes" });
        var projector = app.Get<Projector>();
        var message = Message(app);

        var counts = await CountAsync(async () =>
        {
            await projector.ProjectAsync(message, Cancellation);
            await projector.ProjectAsync(message, Cancellation);
        });

        Assert.Equal(2, counts[TelemetryNames.Metrics.ChangesSent]);
        Assert.Equal(1, counts[TelemetryNames.Metrics.Projected]);
    }

    [Fact]
    public async Task Message_interrupted_between_log_and_commit_is_counted_when_redelivered()
    {
        await using var app = new TestApp(azurite.NewAccount());
        var message = Message(app);
        var notification = ((ParseResult.Accepted)NotificationReader.Read(Encoding.UTF8.GetBytes(Body))).Notification;
        await app.Get<StatusChangeLog>().AppendAsync(
            StatusChangeReader.From(Envelope.Read(message), notification), Cancellation);

        var counts = await CountAsync(() => app.Get<Projector>().ProjectAsync(message, Cancellation));

        Assert.Equal(1, counts[TelemetryNames.Metrics.Projected]);
    }

    [Fact]
    public async Task Notification_of_an_instance_whose_clock_is_ahead_has_a_delay_of_zero()
    {
        await using var app = new TestApp(azurite.NewAccount());
        var delays = new List<double>();
        var spans = new List<double>();
        var id = Ids.At(DateTimeOffset.UtcNow.AddMinutes(5));
        var message = Encoding.UTF8.GetString(
            Envelope.Write(id, SourceLabel.Default, traceParent: null, Encoding.UTF8.GetBytes(Body)).Span);
        using var spanListener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == TelemetryNames.SourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = span =>
            {
                if (Own.Value is not null && span.GetTagItem(TelemetryNames.SpanAttributes.ProjectionDelay) is double delay)
                {
                    spans.Add(delay);
                }
            },
        };
        ActivitySource.AddActivityListener(spanListener);

        await CountAsync(() => app.Get<Projector>().ProjectAsync(message, Cancellation), delays);

        Assert.Equal([0], delays);
        Assert.Equal([0], spans);
    }

    private static string Of(int minute, string status, int[]? cycles) => Encoding.UTF8.GetString(Envelope.Write(
        Ids.Minute(minute), "default", null,
        Encoding.UTF8.GetBytes(NotificationBody.Of(
            status, Guid.Empty, cycles: cycles?.Select(number => new Guid(number, 0, 0, new byte[8]))))).Span);

    private static string Message(TestApp app)
    {
        var id = app.Get<NotificationIds>().Next();
        return Encoding.UTF8.GetString(
            Envelope.Write(id, SourceLabel.Default, traceParent: null, Encoding.UTF8.GetBytes(Body)).Span);
    }

    private static async Task<Dictionary<string, int>> CountAsync(Func<Task> act, List<double>? delays = null)
    {
        var counts = new Dictionary<string, int>();
        Own.Value = counts;
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == TelemetryNames.SourceName)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, _, _, _) => Count(instrument));
        listener.SetMeasurementEventCallback<double>((instrument, delay, _, _) =>
        {
            Count(instrument);
            if (Own.Value == counts)
            {
                delays?.Add(delay);
            }
        });
        listener.Start();
        await act();
        return counts;

        static void Count(Instrument instrument)
        {
            if (Own.Value is { } own)
            {
                own[instrument.Name] = own.GetValueOrDefault(instrument.Name) + 1;
            }
        }
    }
}
