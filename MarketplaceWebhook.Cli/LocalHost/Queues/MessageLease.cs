using Azure;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;

namespace MarketplaceWebhook.Cli.LocalHost.Queues;

/// <summary>Keeps a message invisible to others while its invocation is under way, renewed at half of the time.</summary>
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

    /// <summary>The newest one; it stands still once the lease is disposed.</summary>
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
                // Not cancelled: an answer that nobody reads would take the receipt along.
                var receipt = await queue.UpdateMessageAsync(
                    message.MessageId, PopReceipt, visibilityTimeout: length, cancellationToken: CancellationToken.None);
                PopReceipt = receipt.Value.PopReceipt;
            }
            catch (RequestFailedException)
            {
                // Tried again at the next turn; a lost message comes back to whoever reads it.
            }
        }
    }
}
