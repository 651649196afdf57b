using System.Diagnostics;
using MarketplaceWebhook.Notifications;

namespace MarketplaceWebhook.Telemetry;

/// <summary>
/// One trace per notification: from the HTTP request, through the message, to its rows. Without a listener a span is null.
/// Source: https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/
/// </summary>
public static class Traces
{
    /// <summary>
    /// Version, trace, span and flags of version 00, the only one there is. Source: https://www.w3.org/TR/trace-context/
    /// </summary>
    private const int TraceParentLength = 55;

    private static readonly ActivitySource Source = new(TelemetryNames.SourceName);

    /// <summary>For the message; null without a trace.</summary>
    public static string? CurrentTraceParent =>
        Activity.Current is { IdFormat: ActivityIdFormat.W3C } current ? current.Id : null;

    public static Activity? StartSending(NotificationId id, Notification notification)
    {
        var span = Source.StartActivity(TelemetryNames.Spans.Send, ActivityKind.Producer);
        span?.SetTag("messaging.operation.type", "send");
        span?.SetTag(TelemetryNames.SpanAttributes.NotificationId, id.ToString());
        span?.Describe(notification.Status, notification.AccountId);
        return span;
    }

    /// <param name="traceParent">From the message; ignored if it is invalid.</param>
    public static Activity? StartProcessing(NotificationId id, string? traceParent)
    {
        // The host's call belongs to another trace, and may not be sampled: it is linked, never the parent.
        ActivityLink[] links = Activity.Current is { Recorded: true } caller ? [new ActivityLink(caller.Context)] : [];
        Activity.Current = null;
        var span = Source.StartActivity(
            TelemetryNames.Spans.Process, ActivityKind.Consumer, ParentOf(traceParent), tags: null, links);
        span?.SetTag("messaging.operation.type", "process");
        span?.SetTag(TelemetryNames.SpanAttributes.NotificationId, id.ToString());
        return span;
    }

    public static void Describe(this Activity span, string status, Guid accountId)
    {
        span.SetTag(TelemetryNames.Attributes.Status, Metrics.StatusLabel(status));
        span.SetTag(TelemetryNames.SpanAttributes.AccountId, accountId.ToString());
    }

    /// <param name="fault">Type, status and error code: never a message, which may repeat what was sent.</param>
    public static void Fail(this Activity span, string fault)
    {
        span.SetStatus(ActivityStatusCode.Error);
        span.SetTag("error.type", fault);
    }

    private static ActivityContext ParentOf(string? traceParent) =>
        traceParent is { Length: TraceParentLength }
            && ActivityContext.TryParse(traceParent, traceState: null, isRemote: true, out var parent)
            ? parent
            : default;
}
