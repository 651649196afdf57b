using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Telemetry;
using Microsoft.Extensions.DependencyInjection;
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
public sealed class FallbackMover(
    [FromKeyedServices(StorageUse.Fallback)] StorageClients fallbackClients,
    [FromKeyedServices(StorageUse.Fallback)] NotificationQueue fallbackQueue,
    [FromKeyedServices(StorageUse.Fallback)] PayloadBlobs fallbackPayloads,
    StorageClients clients,
    NotificationQueue queue,
    PayloadBlobs payloads,
    TimeProvider time,
    ILogger<FallbackMover> logger)
{
    private static readonly TimeSpan PutBackDelay = TimeSpan.FromMinutes(1);

    public async Task MoveAsync(string messageText, CancellationToken cancellationToken)
    {
        // An unreadable message is moved as it is: the projection records it as a dead letter.
        var envelope = Envelope.TryRead(messageText);
        var id = envelope?.Id.ToString() ?? "(unreadable)";
        if (envelope is not null)
        {
            Metrics.FallbackPending(time.GetUtcNow() - envelope.Id.ReceivedAt);
        }

        // The setting may name the primary account: its blobs stay.
        var blob = fallbackClients.IsSameAccountAs(clients) ? null : envelope?.PayloadBlob;
        try
        {
            // 1.
            if (blob is not null)
            {
                await CopyAsync(envelope!.Id, blob, cancellationToken);
            }

            // 2.
            await queue.ResendAsync(messageText, cancellationToken);

            // 3.
            if (blob is not null)
            {
                await fallbackPayloads.RemoveAsync(blob, cancellationToken);
            }

            Log.MovedFromFallback(logger, id);
        }
        catch (Exception e) when (StorageErrors.IsStorage(e) && !cancellationToken.IsCancellationRequested)
        {
            // A failed invocation would use up one of the message's deliveries.
            await fallbackQueue.ResendAsync(messageText, PutBackDelay, cancellationToken);
            Log.StaysInFallback(logger, id, StorageErrors.Describe(e));
        }
    }

    /// <summary>
    /// A blob that does not exist was moved with the same message before. If the primary storage does not have it either, the
    /// projection fails and records a dead letter.
    /// </summary>
    private async Task CopyAsync(NotificationId id, string blob, CancellationToken cancellationToken)
    {
        if (await fallbackPayloads.FindAsync(blob, cancellationToken) is { } payload)
        {
            var account = await fallbackPayloads.FindAccountAsync(blob, cancellationToken);
            await payloads.PutPayloadAsync(
                id, Guid.TryParse(account, out var accountId) ? accountId : null, payload, cancellationToken);
        }
    }
}
