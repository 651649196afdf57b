namespace MarketplaceWebhook.Storage;

/// <summary>How many messages wait, invisible ones included.</summary>
public sealed record QueueLengths(int Waiting, int Poisoned)
{
    public static Task<QueueLengths> ReadAsync(
        StorageClients clients, StorageProvisioner setup, CancellationToken cancellationToken) => setup.RunAsync(
        async token =>
        {
            var queue = clients.Queue.GetPropertiesAsync(token);
            var poison = clients.PoisonQueue.GetPropertiesAsync(token);
            return new QueueLengths((await queue).Value.ApproximateMessagesCount, (await poison).Value.ApproximateMessagesCount);
        },
        cancellationToken);
}
