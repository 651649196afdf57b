using System.Security.Cryptography;
using System.Text;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Telemetry;
using Microsoft.Extensions.Logging;

namespace MarketplaceWebhook.Projecting;

/// <summary>Records a message that failed too often as a row of DeadLetters, unless it can be projected after all.</summary>
public sealed class DeadLetterRecorder(
    Projector projector, DeadLetterTable table, NotificationQueue queue, PayloadBlobs payloads, ILogger<DeadLetterRecorder> logger)
{
    private static readonly TimeSpan PutBackDelay = TimeSpan.FromMinutes(5);

    /// <param name="insertedAt">When the message was added to the poison queue.</param>
    public async Task RecordAsync(string messageText, DateTimeOffset insertedAt, CancellationToken cancellationToken)
    {
        try
        {
            var id = await projector.ProjectAsync(messageText, cancellationToken);
            Log.Revived(logger, id.ToString());
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            await RecordFailureAsync(messageText, insertedAt, e, cancellationToken);
        }
    }

    private async Task RecordFailureAsync(string messageText, DateTimeOffset insertedAt, Exception failure, CancellationToken cancellationToken)
    {
        var unreadable = failure as UnreadableEnvelopeException;
        var envelope = unreadable is null ? Envelope.Read(messageText) : null;
        var id = envelope?.Id ?? unreadable?.Id ?? IdOf(messageText, insertedAt);
        try
        {
            var body = Encoding.UTF8.GetBytes(messageText);
            var letter = new DeadLetter
            {
                Kind = DeadLetter.Failed,
                Id = id,
                Source = envelope?.Source,
                Reason = envelope is null ? FailureReason.UnreadableEnvelope : FailureReason.ProjectionFailed,
                Detail = StorageErrors.Describe(failure),
                AccountId = await AccountIdOfAsync(envelope, cancellationToken),
                Body = body,
                BodyLength = body.Length,
            };
            await table.RecordAsync(letter, cancellationToken);
            Metrics.Failed(letter.Reason);
            Log.DeadLettered(logger, id.ToString(), letter.Reason, letter.Detail);
        }
        catch (Exception e) when (StorageErrors.IsStorage(e) && !cancellationToken.IsCancellationRequested)
        {
            // A poison queue has no poison queue of its own: after its last delivery the message would stay there unnoticed.
            await queue.PutBackPoisonAsync(messageText, PutBackDelay, cancellationToken);
            Log.PutBack(logger, id.ToString(), StorageErrors.Describe(e));
        }
    }

    /// <summary>The same message always gets the same id: the time of its insertion, and the hash of its text.</summary>
    private static NotificationId IdOf(string messageText, DateTimeOffset insertedAt)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(messageText));
        var milliseconds = Math.Max(0, insertedAt.ToUnixTimeMilliseconds());
        return NotificationId.Create(milliseconds, BitConverter.ToUInt16(hash), BitConverter.ToUInt64(hash, sizeof(ushort)));
    }

    private async Task<Guid?> AccountIdOfAsync(Envelope? envelope, CancellationToken cancellationToken)
    {
        if (envelope is null)
        {
            return null;
        }

        try
        {
            var payload = await payloads.GetPayloadAsync(envelope, cancellationToken);
            return NotificationReader.Read(payload.Span).Match(
                accepted => accepted.Notification.AccountId, rejected => rejected.AccountId);
        }
        catch (Exception e) when (StorageErrors.IsStorage(e) && !cancellationToken.IsCancellationRequested)
        {
            // The dead letter matters more than its account.
            return null;
        }
    }
}

public static class FailureReason
{
    public const string ProjectionFailed = "projection-failed";

    public const string UnreadableEnvelope = "unreadable-envelope";
}
