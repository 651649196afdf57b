using System.Diagnostics;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Telemetry;

namespace MarketplaceWebhook.Tests.Telemetry;

public sealed class TracesTests : IDisposable
{
    private const string TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    private static readonly NotificationId Id = NotificationId.Create(1_790_000_000_000, 0, 0);

    private readonly ActivityListener _everything = new()
    {
        ShouldListenTo = source => source.Name == TelemetryNames.SourceName,
        Sample = (ref _) => ActivitySamplingResult.AllDataAndRecorded,
    };

    public TracesTests() => ActivitySource.AddActivityListener(_everything);

    [Fact]
    public void Projection_continues_the_trace_of_its_message()
    {
        using var span = Traces.StartProcessing(Id, TraceParent);

        Assert.Equal(
            ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"), (span!.TraceId.ToString(), span.ParentSpanId.ToString()));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("|hierarchical.1.2.")]
    [InlineData("00-00000000000000000000000000000000-b7ad6b7169203331-01")]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01")]
    [InlineData("00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01")]
    [InlineData(TraceParent + "-and-more-that-nobody-bounded")]
    public void Invalid_traceparent_starts_a_new_trace(string? traceParent)
    {
        using var call = new Activity("a call of the host").Start();

        using var span = Traces.StartProcessing(Id, traceParent);

        Assert.Equal(default, span!.ParentSpanId);
        Assert.NotEqual(call.TraceId, span.TraceId);
    }

    [Fact]
    public void Message_gets_the_traceparent_of_its_sending_span()
    {
        string? traceParent;
        using (var sending = Traces.StartSending(Id, Started))
        {
            traceParent = Traces.CurrentTraceParent;
            Assert.Equal(sending!.Id, traceParent);
        }

        using var span = Traces.StartProcessing(Id, traceParent);
        Assert.Equal(traceParent, span!.ParentId);
    }

    public void Dispose() => _everything.Dispose();

    private static Notification Started => new()
    {
        Status = KnownStatus.Started,
        AccountId = Guid.Empty,
        PackageId = 1,
        Warnings = new Warnings(),
    };
}
