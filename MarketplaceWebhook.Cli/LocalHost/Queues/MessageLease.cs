using Azure;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;

namespace MarketplaceWebhook.Cli.LocalHost.Queues;

/// <summary>Keeps a message invisible to others while it is being processed; renewed after half of its length.</summary>
internal sealed class MessageLease : IAsyncDisposable
{
    private readonly QueueClient queue;
    private readonly QueueMessage message;
    private readonly TimeSpan length;
    private readonly TimeProvider time;
    private readonly CancellationTokenSource ending = new();
    private readonly Task renewing;

    public MessageLease(QueueClient queue, QueueMessage message, TimeSpan length, TimeProvider time)
    {
        (this.queue, this.message, this.length, this.time) = (queue, message, length, time);
        PopReceipt = message.PopReceipt;
        renewing = RenewAsync();
    }

    /// <summary>The latest receipt; it no longer changes once the lease is disposed.</summary>
    public string PopReceipt { get; private set; }

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        await renewing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        ending.Dispose();
    }

    private async Task RenewAsync()
    {
        while (true)
        {
            await Task.Delay(length / 2, time, ending.Token);
            try
            {
                // Not cancelled: the receipt of a response that is not read would be lost.
                var receipt = await queue.UpdateMessageAsync(
                    message.MessageId, PopReceipt, visibilityTimeout: length, cancellationToken: CancellationToken.None);
                PopReceipt = receipt.Value.PopReceipt;
            }
            catch (RequestFailedException)
            {
                // Tried again at the next renewal; a message whose lease was lost is delivered again.
            }
        }
    }
}
