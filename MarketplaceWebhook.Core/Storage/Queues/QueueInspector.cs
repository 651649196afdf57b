using System.Text;
using Azure;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;

namespace MarketplaceWebhook.Storage;

/// <summary>
/// Reads the messages in the queues. Peeking returns at most 32 messages of a queue, and none that is being processed or was
/// put back with a delay.
/// </summary>
public sealed class QueueInspector(StorageClients clients)
{
    private const int MostAtOnce = 32;

    /// <param name="Count">The approximate number of all messages, seen or not.</param>
    public sealed record PeekedQueue(string Queue, IReadOnlyList<WaitingMessage> Seen, int Count)
    {
        public bool IsPoison => Queue == StorageNames.PoisonQueue;

        public int Unseen => Math.Max(0, Count - Seen.Count);
    }

    /// <summary>The queue, and its poison queue.</summary>
    public async Task<IReadOnlyList<PeekedQueue>> PeekAsync(CancellationToken cancellationToken) =>
        await Task.WhenAll(PeekAsync(clients.RawQueue, cancellationToken), PeekAsync(clients.RawPoisonQueue, cancellationToken));

    public Task<PeekedQueue> PeekPoisonAsync(CancellationToken cancellationToken) =>
        PeekAsync(clients.RawPoisonQueue, cancellationToken);

    /// <summary>Receives messages from the poison queue: they become visible again unless they are removed.</summary>
    public async Task<IReadOnlyList<TakenMessage>> TakePoisonAsync(TimeSpan invisible, CancellationToken cancellationToken)
    {
        try
        {
            QueueMessage[] messages = await clients.RawPoisonQueue.ReceiveMessagesAsync(MostAtOnce, invisible, cancellationToken);
            return [.. messages.Select(m => new TakenMessage(Read(m.Body, m.InsertedOn), m.MessageId, m.PopReceipt))];
        }
        catch (RequestFailedException e) when (StorageErrors.IsMissing(e))
        {
            return [];
        }
    }

    /// <returns>False: it was received or removed elsewhere since.</returns>
    public async Task<bool> RemovePoisonAsync(TakenMessage message, CancellationToken cancellationToken)
    {
        try
        {
            await clients.RawPoisonQueue.DeleteMessageAsync(message.MessageId, message.PopReceipt, cancellationToken);
            return true;
        }
        catch (RequestFailedException e) when (e.Status is 400 or 404 && !StorageErrors.IsMissing(e))
        {
            return false;
        }
    }

    /// <summary>Makes a message visible again at once.</summary>
    public async Task ReleasePoisonAsync(TakenMessage message, CancellationToken cancellationToken)
    {
        try
        {
            await clients.RawPoisonQueue.UpdateMessageAsync(
                message.MessageId, message.PopReceipt, visibilityTimeout: TimeSpan.Zero, cancellationToken: cancellationToken);
        }
        catch (RequestFailedException e) when (e.Status is 400 or 404 && !StorageErrors.IsMissing(e))
        {
        }
    }

    private static async Task<PeekedQueue> PeekAsync(QueueClient queue, CancellationToken cancellationToken)
    {
        try
        {
            PeekedMessage[] messages = await queue.PeekMessagesAsync(MostAtOnce, cancellationToken);
            QueueProperties properties = await queue.GetPropertiesAsync(cancellationToken);
            return new PeekedQueue(
                queue.Name, [.. messages.Select(m => Read(m.Body, m.InsertedOn))], properties.ApproximateMessagesCount);
        }
        catch (RequestFailedException e) when (StorageErrors.IsMissing(e))
        {
            return new PeekedQueue(queue.Name, [], 0);
        }
    }

    private static WaitingMessage Read(BinaryData body, DateTimeOffset? insertedAt)
    {
        var text = body.ToString();
        return new WaitingMessage(TryDecode(text) ?? text, insertedAt ?? DateTimeOffset.MaxValue);
    }

    /// <summary>Messages are Base64; one that was added by hand may not be.</summary>
    private static string? TryDecode(string text)
    {
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out var length)
            && System.Text.Unicode.Utf8.IsValid(bytes.AsSpan(0, length))
            ? Encoding.UTF8.GetString(bytes, 0, length)
            : null;
    }
}

/// <param name="Text">Decoded, if it was Base64.</param>
public sealed record WaitingMessage(string Text, DateTimeOffset InsertedAt);

public sealed record TakenMessage(WaitingMessage Message, string MessageId, string PopReceipt);
