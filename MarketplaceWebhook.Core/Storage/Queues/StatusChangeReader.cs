using MarketplaceWebhook.Installs;
using MarketplaceWebhook.Notifications;

namespace MarketplaceWebhook.Storage;

/// <summary>Reads what the fold needs from a notification's payload, whether it is in the envelope or in a blob.</summary>
public sealed class StatusChangeReader(PayloadBlobs payloads)
{
    /// <exception cref="UnreadablePayloadException">The payload is not a valid notification.</exception>
    public async Task<StatusChange> ReadAsync(Envelope envelope, CancellationToken cancellationToken)
    {
        var payload = await envelope.GetPayloadAsync(payloads, cancellationToken);
        return NotificationReader.Read(payload.Span).Match(
            accepted => From(envelope, accepted.Notification),
            rejected => throw new UnreadablePayloadException(rejected.Reason, rejected.Errors.Keys));
    }

    public static StatusChange From(Envelope envelope, Notification notification) =>
        StatusChange.From(envelope.Id, envelope.Source, notification) with
        {
            UserAgent = envelope.UserAgent,
            Payload = envelope.Payload,
            PayloadBlob = envelope.PayloadBlob,
        };
}

/// <summary>The reader rejects the message's payload, although the HTTP endpoint accepted it.</summary>
public sealed class UnreadablePayloadException(string reason, IEnumerable<string> fields)
    : UnreadableMessageException($"{reason} ({string.Join(", ", fields)})");
