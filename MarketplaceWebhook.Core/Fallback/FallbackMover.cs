using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Telemetry;
using Microsoft.Extensions.Logging;

namespace MarketplaceWebhook.Fallback;

/// <summary>
/// Moves a message from the fallback storage to the queue:
/// 1. copy its payload blob;
/// 2. send the same text to the queue;
/// 3. remove the payload blob from the fallback storage.
/// While the primary storage fails, the message is put back as a new one. A crash at any point repeats the steps; the
/// notification is then projected once.
/// </summary>
/// <param name="fallback">Null: there is no fallback storage.</param>
public sealed class FallbackMover(
    NotificationQueue queue, PayloadBlobs payloads, TimeProvider time, ILogger<FallbackMover> logger,
    FallbackStorage? fallback = null)
{
    private static readonly TimeSpan PutBackDelay = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan PoisonDelay = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Without a fallback storage the setting names the primary account, and the message is that of a deployment whose fallback
    /// storage it is: it stays on the queue.
    /// </summary>
    public Task MoveAsync(string messageText, CancellationToken cancellationToken) => fallback is null
        ? queue.PutBackFallbackAsync(messageText, PutBackDelay, cancellationToken)
        : MoveAsync(fallback, messageText, cancellationToken);

    /// <summary>
    /// Puts a message that failed too often back on its queue. On the poison queue it would expire after 7 days.
    /// </summary>
    public Task RetryAsync(string messageText, CancellationToken cancellationToken) =>
        (fallback?.Queue ?? queue).PutBackFallbackAsync(messageText, PoisonDelay, cancellationToken);

    private async Task MoveAsync(FallbackStorage from, string messageText, CancellationToken cancellationToken)
    {
        // An unreadable message is moved as it is: the projection records it as a dead letter.
        var envelope = Envelope.TryRead(messageText);
        var id = envelope?.Id.ToString() ?? "(unreadable)";
        if (envelope is not null)
        {
            Metrics.FallbackPending(time.GetUtcNow() - envelope.Id.ReceivedAt);
        }

        var blob = envelope?.PayloadBlob;
        try
        {
            // 1.
            if (blob is not null)
            {
                await CopyAsync(from, envelope!.Id, blob, cancellationToken);
            }

            // 2.
            await queue.ResendAsync(messageText, cancellationToken);

            // 3.
            if (blob is not null)
            {
                await from.Payloads.RemoveAsync(blob, cancellationToken);
            }

            Log.MovedFromFallback(logger, id);
        }
        catch (Exception e) when (StorageErrors.IsStorage(e) && !cancellationToken.IsCancellationRequested)
        {
            // A failed invocation would use up one of the message's deliveries.
            await from.Queue.ResendAsync(messageText, PutBackDelay, cancellationToken);
            Log.StaysInFallback(logger, id, StorageErrors.Describe(e));
        }
    }

    /// <summary>
    /// A blob that does not exist was moved with the same message before. If the primary storage does not have it either, the
    /// projection fails and records a dead letter.
    /// </summary>
    private async Task CopyAsync(
        FallbackStorage from, NotificationId id, string blob, CancellationToken cancellationToken)
    {
        if (await from.Payloads.FindAsync(blob, cancellationToken) is { } payload)
        {
            var account = await from.Payloads.FindAccountAsync(blob, cancellationToken);
            await payloads.PutPayloadAsync(
                id, Guid.TryParse(account, out var accountId) ? accountId : null, payload, cancellationToken);
        }
    }
}
