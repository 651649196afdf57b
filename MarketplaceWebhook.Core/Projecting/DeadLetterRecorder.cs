using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Telemetry;
using Microsoft.Extensions.Logging;

namespace MarketplaceWebhook.Projecting;

/// <summary>Records a message that failed too often as a row of DeadLetters, unless it can be projected after all.</summary>
public sealed class DeadLetterRecorder(
    Projector projector, DeadLetterTable table, NotificationQueue queue, PayloadBlobs payloads,
    ILogger<DeadLetterRecorder> logger)
{
    private static readonly TimeSpan PutBackDelay = TimeSpan.FromMinutes(5);

    /// <param name="insertedAt">When the message was added to the poison queue.</param>
    public async Task RecordAsync(string messageText, DateTimeOffset insertedAt, CancellationToken cancellationToken)
    {
        Envelope? envelope = null;
        try
        {
            envelope = Envelope.Read(messageText);
            var id = await projector.ProjectAsync(envelope, logsFailure: false, cancellationToken);
            Log.Revived(logger, id.ToString());
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            await RecordFailureAsync(messageText, envelope, insertedAt, e, cancellationToken);
        }
    }

    private async Task RecordFailureAsync(
        string messageText, Envelope? envelope, DateTimeOffset insertedAt, Exception failure, CancellationToken cancellationToken)
    {
        var body = Encoding.UTF8.GetBytes(messageText);
        var ownId = envelope?.Id ?? (failure as UnreadableEnvelopeException)?.Id;
        var id = ownId ?? IdOf(body);
        try
        {
            var letter = new DeadLetter
            {
                Kind = DeadLetter.Failed,
                Id = id,
                InsertedAt = ownId is null ? insertedAt : null,
                Source = envelope?.Source,
                UserAgent = envelope?.UserAgent,
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
            await PutBackAsync(messageText, id, StorageErrors.Describe(e), cancellationToken);
        }
    }

    /// <summary>
    /// A poison queue has no poison queue of its own: after its last delivery the message would stay there unnoticed.
    /// </summary>
    private async Task PutBackAsync(string messageText, NotificationId id, string fault, CancellationToken cancellationToken)
    {
        try
        {
            await queue.PutBackPoisonAsync(messageText, PutBackDelay, cancellationToken);
            Log.PutBack(logger, id.ToString(), fault);
        }
        catch (Exception e)
        {
            Log.NotRecorded(logger, id.ToString(), StorageErrors.Describe(e));
            throw;
        }
    }

    /// <summary>
    /// For a message without a usable id: time 0, and the hash of its text. The same text always gets the same id, also after it
    /// was put back as a new message.
    /// </summary>
    private static NotificationId IdOf(byte[] body)
    {
        var hash = SHA256.HashData(body);
        return NotificationId.Create(
            unixMilliseconds: 0, BinaryPrimitives.ReadUInt16LittleEndian(hash),
            BinaryPrimitives.ReadUInt64LittleEndian(hash.AsSpan(sizeof(ushort))));
    }

    private async Task<Guid?> AccountIdOfAsync(Envelope? envelope, CancellationToken cancellationToken)
    {
        if (envelope is null)
        {
            return null;
        }

        try
        {
            var payload = await envelope.GetPayloadAsync(payloads, cancellationToken);
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
