using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;

namespace MarketplaceWebhook.LocalHost.Queues;

/// <summary>Keeps a message invisible to others while it is being processed; renewed after half of its length.</summary>
internal sealed class MessageLease : IAsyncDisposable
{
    private readonly QueueClient _queue;
    private readonly QueueMessage _message;
    private readonly TimeSpan _length;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _renewing;

    public MessageLease(QueueClient queue, QueueMessage message, TimeSpan length, TimeProvider time)
    {
        (this._queue, this._message, this._length, this._time) = (queue, message, length, time);
        PopReceipt = message.PopReceipt;
        _renewing = RenewAsync();
    }

    /// <summary>The latest receipt; it no longer changes once the lease is disposed.</summary>
    public string PopReceipt { get; private set; }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _renewing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _ending.Dispose();
    }

    private async Task RenewAsync()
    {
        while (true)
        {
            await Task.Delay(_length / 2, _time, _ending.Token);
            try
            {
                // Not cancelled: the receipt of a response that is not read would be lost.
                var receipt = await _queue.UpdateMessageAsync(
                    _message.MessageId, PopReceipt, visibilityTimeout: _length, cancellationToken: CancellationToken.None);
                PopReceipt = receipt.Value.PopReceipt;
            }
            catch (Exception)
            {
                // A connection error after all retries is an AggregateException, a time-out a TaskCanceledException.
                // Tried again at the next renewal; a message whose lease was lost is delivered again.
            }
        }
    }
}
