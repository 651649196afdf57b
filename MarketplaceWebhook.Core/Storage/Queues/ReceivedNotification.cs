using MarketplaceWebhook.Notifications;

namespace MarketplaceWebhook.Storage;

/// <summary>An accepted notification on its way to the queue.</summary>
/// <param name="Source">The label of the marketplace.</param>
/// <param name="TraceParent">Of the span that sends it; null without telemetry.</param>
/// <param name="UserAgent">Of the request, escaped and cut; null without one.</param>
/// <param name="Payload">The request body, UTF-8, without a byte order mark.</param>
public sealed record ReceivedNotification(
    NotificationId Id, string Source, string? TraceParent, string? UserAgent, Guid AccountId, ReadOnlyMemory<byte> Payload);
