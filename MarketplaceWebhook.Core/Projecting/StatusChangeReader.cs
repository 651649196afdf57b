using MarketplaceWebhook.Installs;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;

namespace MarketplaceWebhook.Projecting;

internal static class StatusChangeReader
{
    /// <summary>What the fold takes from a notification, read from its payload wherever that lies.</summary>
    /// <exception cref="UnreadablePayloadException">The payload is no notification.</exception>
    public static async Task<StatusChange> GetStatusChangeAsync(
        this PayloadBlobs payloads, Envelope envelope, CancellationToken cancellationToken)
    {
        var payload = await payloads.GetPayloadAsync(envelope, cancellationToken);
        return NotificationReader.Read(payload.Span) switch
        {
            ParseResult.Accepted accepted => StatusChange.From(envelope, accepted.Notification),
            ParseResult.Refused refused => throw new UnreadablePayloadException(refused.Reason, refused.Errors.Keys),
            _ => throw new InvalidOperationException("A reading is accepted or refused."),
        };
    }
}

/// <summary>The message's payload is refused by the reader, though it was accepted at the door.</summary>
public sealed class UnreadablePayloadException(string reason, IEnumerable<string> fields)
    : UnreadableMessageException($"{reason} ({string.Join(", ", fields)})");
