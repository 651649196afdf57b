using Azure;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;

namespace MarketplaceWebhook.Storage;

/// <summary>The queue that the partner's own application reads. Messages are Base64 and never expire.</summary>
public sealed class ChangeFeedQueue(StorageClients clients)
{
    private const int MostAtOnce = 32;

    private readonly QueueClient _queue =
        clients.ChangeFeed ?? throw new InvalidOperationException("There is no change feed: the setting is empty.");

    public string Name => _queue.Name;

    /// <summary>Durable when it returns. When it throws, the message may be on the queue or not.</summary>
    /// <param name="message">UTF-8.</param>
    public Task SendAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken) => _queue.SendMessageAsync(
        new BinaryData(Convert.ToBase64String(message.Span)), TimeSpan.Zero, NotificationQueue.Never, cancellationToken);

    /// <summary>Approximate, with the messages that are being processed. 0 if the queue does not exist.</summary>
    public async Task<int> CountAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await _queue.GetPropertiesAsync(cancellationToken)).Value.ApproximateMessagesCount;
        }
        catch (RequestFailedException e) when (StorageErrors.IsMissing(e))
        {
            return 0;
        }
    }

    /// <summary>The text of the first visible messages, at most 32.</summary>
    public async Task<IReadOnlyList<string>> PeekAsync(CancellationToken cancellationToken)
    {
        try
        {
            PeekedMessage[] messages = await _queue.PeekMessagesAsync(MostAtOnce, cancellationToken);
            return [.. messages.Select(message => MessageText.Decode(message.Body.ToString()))];
        }
        catch (RequestFailedException e) when (StorageErrors.IsMissing(e))
        {
            return [];
        }
    }
}
