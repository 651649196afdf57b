using Azure;
using Azure.Storage.Queues;

namespace MarketplaceWebhook.Storage;

/// <summary>The number of messages in each queue, including invisible ones; 0 in a queue that does not exist.</summary>
/// <param name="ChangeFeed">Null without a change feed.</param>
public sealed record QueueLengths(int Waiting, int Poisoned, int? ChangeFeed)
{
    public static async Task<QueueLengths> ReadAsync(
        StorageClients clients, CancellationToken cancellationToken)
    {
        var queue = CountAsync(clients.Queue, cancellationToken);
        var poison = CountAsync(clients.PoisonQueue, cancellationToken);
        var feed = clients.ChangeFeed is { } changes ? CountAsync(changes, cancellationToken) : null;
        return new QueueLengths(await queue, await poison, feed is null ? null : await feed);
    }

    private static async Task<int> CountAsync(QueueClient queue, CancellationToken cancellationToken)
    {
        try
        {
            return (await queue.GetPropertiesAsync(cancellationToken)).Value.ApproximateMessagesCount;
        }
        catch (RequestFailedException e) when (StorageErrors.IsMissing(e))
        {
            return 0;
        }
    }
}
