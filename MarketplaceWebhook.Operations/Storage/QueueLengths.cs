namespace MarketplaceWebhook.Storage;

/// <summary>The number of messages in each queue, including invisible ones.</summary>
/// <param name="ChangeFeed">Null: there is no change feed.</param>
public sealed record QueueLengths(int Waiting, int Poisoned, int? ChangeFeed)
{
    public static async Task<QueueLengths> ReadAsync(
        StorageClients clients, CancellationToken cancellationToken)
    {
        var queue = clients.Queue.GetPropertiesAsync(cancellationToken);
        var poison = clients.PoisonQueue.GetPropertiesAsync(cancellationToken);
        var feed = clients.ChangeFeed?.GetPropertiesAsync(cancellationToken);
        return new QueueLengths(
            (await queue).Value.ApproximateMessagesCount, (await poison).Value.ApproximateMessagesCount,
            feed is null ? null : (await feed).Value.ApproximateMessagesCount);
    }
}
