using Azure;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using MarketplaceWebhook.Notifications;

namespace MarketplaceWebhook.Storage;

/// <summary>
/// Reads the messages in the queues. Peeking returns at most 32 messages of a queue, and none that is being processed or was
/// put back with a delay.
/// </summary>
/// <param name="fallback">Null: there is no fallback storage, or it is not inspected.</param>
public sealed class QueueInspector(
    StorageClients clients, FallbackStorage? fallback = null)
{
    private const int MostAtOnce = 32;

    /// <param name="Seen">Every message that was visible at some time of the inspection.</param>
    /// <param name="Count">The approximate number of all messages, never too low.</param>
    /// <param name="Unseen">How many of them were not visible all the time.</param>
    public sealed record PeekedQueue(string Queue, IReadOnlyList<WaitingMessage> Seen, int Count, int Unseen)
    {
        /// <summary>False only for the queue whose messages are projected: any other one can be received elsewhere.</summary>
        public bool CanBeTaken => Queue != StorageNames.Queue;

        /// <summary>False only if no message in the queue refers to the notification's blob.</summary>
        public bool MayReferTo(NotificationId id) =>
            Unseen > 0 || Seen.Any(message => message.Text.Contains(id.ToString(), StringComparison.Ordinal));
    }

    /// <summary>
    /// The queue, and its poison queue. A message that moves from one to the other is copied first and then deleted, in both
    /// directions: the queue is inspected before and after the poison queue so that it is not missed. The queues of the fallback
    /// storage are inspected first, since their messages only move to the queue.
    /// </summary>
    public async Task<IReadOnlyList<PeekedQueue>> PeekAsync(CancellationToken cancellationToken)
    {
        var inFallback = await PeekFallbackAsync(cancellationToken);
        return [.. await PeekPrimaryAsync(cancellationToken), .. inFallback];
    }

    /// <inheritdoc cref="PeekAsync(CancellationToken)"/>
    public async Task<IReadOnlyList<PeekedQueue>> PeekPrimaryAsync(CancellationToken cancellationToken)
    {
        var before = await PeekAsync(clients.RawQueue, cancellationToken);
        var poison = await PeekAsync(clients.RawPoisonQueue, cancellationToken);
        var after = await PeekAsync(clients.RawQueue, cancellationToken);
        var seen = before.Seen.UnionBy(after.Seen, message => message.Id);
        return [after with { Seen = [.. seen], Unseen = Math.Max(before.Unseen, after.Unseen) }, poison];
    }

    /// <returns>The queue of the fallback storage, and its poison queue; empty without a fallback storage.</returns>
    public async Task<IReadOnlyList<PeekedQueue>> PeekFallbackAsync(CancellationToken cancellationToken) => fallback is null
        ? []
        : [await PeekAsync(fallback.Clients.RawQueue, cancellationToken), await PeekAsync(fallback.Clients.RawPoisonQueue, cancellationToken)];

    public Task<PeekedQueue> PeekPoisonAsync(CancellationToken cancellationToken) =>
        PeekAsync(clients.RawPoisonQueue, cancellationToken);

    /// <summary>Receives messages: they become visible again unless they are removed.</summary>
    /// <param name="queue">The name of a queue that <see cref="PeekedQueue.CanBeTaken"/>.</param>
    public async Task<IReadOnlyList<TakenMessage>> TakeAsync(
        string queue, TimeSpan invisible, CancellationToken cancellationToken)
    {
        try
        {
            QueueMessage[] messages = await Client(queue).ReceiveMessagesAsync(MostAtOnce, invisible, cancellationToken);
            return [.. messages.Select(
                m => new TakenMessage(queue, Read(m.MessageId, m.Body, m.InsertedOn), m.Body, m.PopReceipt))];
        }
        catch (RequestFailedException e) when (StorageErrors.IsMissing(e))
        {
            return [];
        }
    }

    /// <returns>False: it was received or removed elsewhere since.</returns>
    public async Task<bool> RemoveAsync(TakenMessage message, CancellationToken cancellationToken)
    {
        try
        {
            await Client(message.Queue).DeleteMessageAsync(message.Message.Id, message.PopReceipt, cancellationToken);
            return true;
        }
        catch (RequestFailedException e) when (e.Status is 400 or 404 && !StorageErrors.IsMissing(e))
        {
            return false;
        }
    }

    /// <summary>
    /// Puts a received message back as a new one that never expires: receiving it used up one of its deliveries.
    /// </summary>
    public async Task PutBackAsync(TakenMessage message, CancellationToken cancellationToken)
    {
        await Client(message.Queue).SendMessageAsync(
            message.Body, TimeSpan.Zero, NotificationQueue.Never, cancellationToken);
        await RemoveAsync(message, cancellationToken);
    }

    /// <summary>
    /// A message that was visible both before and after the messages were counted is one of those counted. Any other one may be
    /// invisible.
    /// </summary>
    private static async Task<PeekedQueue> PeekAsync(QueueClient queue, CancellationToken cancellationToken)
    {
        try
        {
            PeekedMessage[] before = await queue.PeekMessagesAsync(MostAtOnce, cancellationToken);
            QueueProperties properties = await queue.GetPropertiesAsync(cancellationToken);
            PeekedMessage[] after = await queue.PeekMessagesAsync(MostAtOnce, cancellationToken);
            var always = before.IntersectBy(after.Select(message => message.MessageId), message => message.MessageId).Count();
            var seen = before.UnionBy(after, message => message.MessageId);
            var count = properties.ApproximateMessagesCount;
            return new PeekedQueue(
                queue.Name, [.. seen.Select(m => Read(m.MessageId, m.Body, m.InsertedOn))], count, Math.Max(0, count - always));
        }
        catch (RequestFailedException e) when (StorageErrors.IsMissing(e))
        {
            return new PeekedQueue(queue.Name, [], Count: 0, Unseen: 0);
        }
    }

    private QueueClient Client(string queue) => new[]
    {
        clients.RawPoisonQueue, fallback?.Clients.RawQueue, fallback?.Clients.RawPoisonQueue,
    }.OfType<QueueClient>().Single(client => client.Name == queue);

    private static WaitingMessage Read(string id, BinaryData body, DateTimeOffset? insertedAt) =>
        new(id, MessageText.Decode(body.ToString()), insertedAt ?? DateTimeOffset.MaxValue);
}

/// <param name="Id">The queue's own id of the message.</param>
/// <param name="Text">Decoded, if it was Base64.</param>
public sealed record WaitingMessage(string Id, string Text, DateTimeOffset InsertedAt);

/// <param name="Body">As it is stored, Base64 or not.</param>
public sealed record TakenMessage(string Queue, WaitingMessage Message, BinaryData Body, string PopReceipt);
