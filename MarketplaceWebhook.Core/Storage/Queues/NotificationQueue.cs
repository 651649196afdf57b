using System.Text;
using Azure.Storage.Queues;
using MarketplaceWebhook.Installs;

namespace MarketplaceWebhook.Storage;

/// <summary>
/// The queue between receipt and projection, or the queue of the fallback storage. Messages never expire.
/// </summary>
public sealed class NotificationQueue(StorageClients clients, PayloadBlobs payloads)
{
    /// <summary>The limit for a message's text: a queue message holds 64 KiB of Base64.</summary>
    public const int MaxBytes = 48 * 1024;

    internal static readonly TimeSpan Never = TimeSpan.FromSeconds(-1);

    /// <summary>Durable when it returns. When it throws, the message may be on the queue or not.</summary>
    public async Task SendAsync(ReceivedNotification notification, CancellationToken cancellationToken)
    {
        var (id, source, traceParent, userAgent, accountId, payload) = notification;
        var inline = payload.Length <= ColumnText.MaxCharacters
            || Encoding.UTF8.GetCharCount(payload.Span) <= ColumnText.MaxCharacters;
        var envelope = inline ? Envelope.Write(id, source, traceParent, payload.Span, userAgent) : default;
        if (!inline || envelope.Length > Envelope.MaxBytes)
        {
            // The blob first: a message without its payload could never be projected.
            await payloads.PutPayloadAsync(id, accountId, payload, cancellationToken);
            envelope = Envelope.Write(id, source, traceParent, payload: default, userAgent);
        }

        await SendAsync(clients.Queue, new BinaryData(envelope), TimeSpan.Zero, cancellationToken);
    }

    /// <summary>A message as it was.</summary>
    public Task ResendAsync(string messageText, CancellationToken cancellationToken) =>
        ResendAsync(messageText, TimeSpan.Zero, cancellationToken);

    /// <summary>A message as it was, visible after the delay.</summary>
    public Task ResendAsync(string messageText, TimeSpan delay, CancellationToken cancellationToken) =>
        SendAsync(clients.Queue, new BinaryData(messageText), delay, cancellationToken);

    /// <summary>
    /// Sends the same text again: after maxDequeueCount deliveries a message stays in the poison queue and is never delivered.
    /// </summary>
    public Task PutBackPoisonAsync(string messageText, TimeSpan delay, CancellationToken cancellationToken) =>
        SendAsync(clients.PoisonQueue, new BinaryData(messageText), delay, cancellationToken);

    /// <summary>A message as it was, on the queue of messages that wait for the primary storage.</summary>
    public Task PutBackFallbackAsync(string messageText, TimeSpan delay, CancellationToken cancellationToken) =>
        SendAsync(clients.FallbackQueue, new BinaryData(messageText), delay, cancellationToken);

    private static Task SendAsync(QueueClient queue, BinaryData message, TimeSpan delay, CancellationToken cancellationToken) =>
        queue.SendMessageAsync(message, delay, Never, cancellationToken);
}
