namespace MarketplaceWebhook.Storage;

/// <summary>How many messages wait, invisible ones included.</summary>
public sealed record QueueLengths(int Waiting, int Poisoned)
{
    public static async Task<QueueLengths> ReadAsync(
        StorageClients clients, CancellationToken cancellationToken)
    {
        var queue = clients.Queue.GetPropertiesAsync(cancellationToken);
        var poison = clients.PoisonQueue.GetPropertiesAsync(cancellationToken);
        return new QueueLengths((await queue).Value.ApproximateMessagesCount, (await poison).Value.ApproximateMessagesCount);
    }
}
