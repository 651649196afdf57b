using MarketplaceWebhook.Storage;

namespace MarketplaceWebhook.Cli.Dashboard;

/// <summary>The number of messages in each queue, including invisible ones.</summary>
internal sealed record QueueLengths(int Waiting, int Poisoned)
{
    public static async Task<QueueLengths> ReadAsync(
        StorageClients clients, CancellationToken cancellationToken)
    {
        var queue = clients.Queue.GetPropertiesAsync(cancellationToken);
        var poison = clients.PoisonQueue.GetPropertiesAsync(cancellationToken);
        return new QueueLengths((await queue).Value.ApproximateMessagesCount, (await poison).Value.ApproximateMessagesCount);
    }
}
