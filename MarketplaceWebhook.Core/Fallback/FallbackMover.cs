using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Telemetry;
using Microsoft.Extensions.Logging;

namespace MarketplaceWebhook.Fallback;

/// <summary>
/// Moves a message from the fallback storage to the queue:
/// 1. copy its payload blob;
/// 2. send the same text to the queue;
/// 3. remove the payload blob from the fallback storage, as it was copied. If the storage is the primary one under another
///    address, the copy has replaced it, and it stays.
/// While the primary storage fails, the message is put back as a new one. A crash at any point repeats the steps; the
/// notification is then projected once.
/// </summary>
/// <param name="fallback">Null without a fallback storage.</param>
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
        if (messageText == FallbackStorage.CheckText)
        {
            return;
        }

        // An unreadable message is moved as it is: the projection records it as a dead letter.
        var envelope = Envelope.TryRead(messageText);
        var id = envelope?.Id.ToString() ?? "(unreadable)";
        if (envelope is not null)
        {
            Metrics.FallbackPending(time.GetUtcNow() - envelope.Id.ReceivedAt);
        }

        try
        {
            // 1.
            var copied = envelope?.PayloadBlob is { } name ? await CopyAsync(from, envelope.Id, name, cancellationToken) : null;

            // 2.
            await queue.ResendAsync(messageText, cancellationToken);

            // 3.
            if (copied is var (store, blob))
            {
                await store.RemoveAsync(blob, cancellationToken);
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
    private async Task<(PayloadBlobs Store, StoredBlob Blob)?> CopyAsync(
        FallbackStorage from, NotificationId id, string name, CancellationToken cancellationToken)
    {
        foreach (var store in (PayloadBlobs[])[from.Payloads, from.EarlierPayloads])
        {
            if (await store.FindBlobAsync(name, cancellationToken) is var (blob, payload))
            {
                await payloads.PutPayloadAsync(
                    id, Guid.TryParse(blob.Account, out var account) ? account : null, payload, cancellationToken);
                return (store, blob);
            }
        }

        return null;
    }
}
