using System.Collections.Concurrent;
using System.Diagnostics;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;

namespace MarketplaceWebhook.Benchmarks.Macro;

/// <summary>The Functions host's queue listener with this application's host.json: 16 messages at a time, the next ones when 8 are left.</summary>
internal static class Drain
{
    private const int BatchSize = 16;
    private const int NewBatchThreshold = 8;

    /// <param name="handle">Is given the message text.</param>
    public static async Task<Load.Result> RunAsync(QueueClient queue, Func<string, Task> handle, CancellationToken cancellationToken)
    {
        var milliseconds = new ConcurrentBag<double>();
        var underWay = new HashSet<Task>();
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            QueueMessage[] messages = await queue.ReceiveMessagesAsync(BatchSize, TimeSpan.FromMinutes(10), cancellationToken);
            if (messages is [])
            {
                break;
            }

            underWay.UnionWith(messages.Select(HandleAsync));
            while (underWay.Count > NewBatchThreshold)
            {
                var done = await Task.WhenAny(underWay);
                underWay.Remove(done);
                await done;
            }
        }

        await Task.WhenAll(underWay);
        return new Load.Result(milliseconds.Count, Stopwatch.GetElapsedTime(started), [.. milliseconds]);

        async Task HandleAsync(QueueMessage message)
        {
            var begun = Stopwatch.GetTimestamp();
            await handle(message.MessageText);
            milliseconds.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
            await queue.DeleteMessageAsync(message.MessageId, message.PopReceipt, cancellationToken);
        }
    }
}
