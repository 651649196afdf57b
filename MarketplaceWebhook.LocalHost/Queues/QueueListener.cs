using System.Text;
using Azure;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using MarketplaceWebhook.LocalHost.App;
using MarketplaceWebhook.LocalHost.Workers;

namespace MarketplaceWebhook.LocalHost.Queues;

/// <param name="text">The message text, decoded.</param>
internal delegate Task<DeliveryResult> Deliver(QueueMessage message, string text, CancellationToken cancellationToken);

/// <summary>
/// Reads one queue and delivers its messages; deletes, releases or poisons them as the Functions host does.
/// </summary>
internal sealed class QueueListener(
    string queueName, QueueSettings settings, QueueServiceClient storage, Deliver deliver,
    TimeSpan lease, TimeProvider time, Action<HostEvent> observe)
{
    private const string PoisonSuffix = "-poison";

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly QueueClient _queue = storage.GetQueueClient(queueName);

    // A poison queue has no poison queue of its own.
    private readonly QueueClient? _poison = queueName.EndsWith(PoisonSuffix, StringComparison.OrdinalIgnoreCase)
        ? null
        : storage.GetQueueClient(queueName + PoisonSuffix);

    private readonly PollingInterval _interval = new(settings.MaxPollingInterval);
    private readonly HashSet<Task> _running = [];
    private bool _storageFails;

    /// <summary>As the Functions host with such a log level, for every read.</summary>
    public bool WarnsOfMissingQueue { get; init; }

    /// <summary>How long a message stays invisible after so many failed deliveries. Null: as in the settings.</summary>
    public Func<long, TimeSpan>? Pause { get; init; }

    /// <param name="stopping">No further message is read.</param>
    /// <param name="aborting">Running invocations are aborted; their messages come back when their lease expires.</param>
    public async Task RunAsync(CancellationToken stopping, CancellationToken aborting)
    {
        try
        {
            while (true)
            {
                var messages = await ReadAsync(stopping);
                if (messages is [])
                {
                    await Task.Delay(_interval.Next(), time, stopping);
                    continue;
                }

                _interval.Reset();
                _running.UnionWith(messages.Select(message => HandleAsync(message, aborting)));
                _running.RemoveWhere(task => task.IsCompleted);
                while (_running.Count > settings.NewBatchThreshold)
                {
                    _running.Remove(await Task.WhenAny(_running).WaitAsync(stopping));
                }
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            await Task.WhenAll(_running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<QueueMessage[]> ReadAsync(CancellationToken stopping)
    {
        try
        {
            QueueMessage[] messages = await _queue.ReceiveMessagesAsync(settings.BatchSize, lease, stopping);
            ReportStorage(failure: null);
            return messages;
        }
        catch (RequestFailedException exception) when (exception.ErrorCode == QueueErrorCode.QueueNotFound)
        {
            // Code that writes to the queue creates it.
            ReportStorage(failure: null);
            if (WarnsOfMissingQueue)
            {
                observe(new HostWrote(
                    $"warn: Azure.Core: Error response 404 QueueNotFound: the queue {queueName} does not exist."));
            }

            return [];
        }
        catch (Exception exception) when (!stopping.IsCancellationRequested)
        {
            ReportStorage(exception);
            return [];
        }
    }

    private async Task HandleAsync(QueueMessage message, CancellationToken aborting)
    {
        try
        {
            if (TextOf(message) is not { } text)
            {
                await PoisonAsync(message, message.PopReceipt, "it is not Base64", aborting);
            }
            else if (message.DequeueCount > settings.MaxDequeueCount)
            {
                await PoisonAsync(
                    message, message.PopReceipt, $"it was delivered {settings.MaxDequeueCount} times before", aborting);
            }
            else
            {
                await DeliverAsync(message, text, aborting);
            }
        }
        catch (Exception exception) when (!aborting.IsCancellationRequested)
        {
            // Storage rejected both the delete and the release. The message becomes visible again when its lease expires.
            ReportStorage(exception);
        }
        catch (Exception) when (aborting.IsCancellationRequested)
        {
            // The host is stopping: the message comes back as after a crash.
        }
    }

    private async Task DeliverAsync(QueueMessage message, string text, CancellationToken aborting)
    {
        var kept = new MessageLease(_queue, message, lease, time);
        DeliveryResult result;
        await using (kept)
        {
            result = await deliver(message, text, aborting);
        }

        if (result.Outcome == QueueOutcome.Completed)
        {
            await _queue.DeleteMessageAsync(message.MessageId, kept.PopReceipt, aborting);
        }
        else if (message.DequeueCount >= settings.MaxDequeueCount)
        {
            await PoisonAsync(message, kept.PopReceipt, $"it failed {settings.MaxDequeueCount} times", aborting);
        }
        else if (_poison is not null)
        {
            var pause = Pause?.Invoke(message.DequeueCount) ?? settings.VisibilityTimeout;
            await _queue.UpdateMessageAsync(
                message.MessageId, kept.PopReceipt, visibilityTimeout: pause, cancellationToken: aborting);
        }
    }

    /// <summary>
    /// Moves a message with the same text, and storage's default time-to-live of 7 days. A message of a poison queue stays in it,
    /// and becomes visible again when its lease expires.
    /// </summary>
    private async Task PoisonAsync(QueueMessage message, string popReceipt, string reason, CancellationToken cancellationToken)
    {
        if (_poison is null)
        {
            if (message.DequeueCount == settings.MaxDequeueCount)
            {
                observe(new MessageAbandoned(queueName, message.MessageId));
            }

            return;
        }

        try
        {
            await _poison.SendMessageAsync(message.Body, cancellationToken: cancellationToken);
        }
        catch (RequestFailedException exception) when (exception.ErrorCode == QueueErrorCode.QueueNotFound)
        {
            await _poison.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
            await _poison.SendMessageAsync(message.Body, cancellationToken: cancellationToken);
        }

        await _queue.DeleteMessageAsync(message.MessageId, popReceipt, cancellationToken);
        observe(new MessagePoisoned(queueName, message.MessageId, reason));
    }

    private string? TextOf(QueueMessage message)
    {
        var text = message.Body.ToString();
        if (!settings.Base64)
        {
            return text;
        }

        try
        {
            return StrictUtf8.GetString(Convert.FromBase64String(text));
        }
        catch (Exception exception) when (exception is FormatException or DecoderFallbackException)
        {
            return null;
        }
    }

    /// <summary>Reports once when storage begins to fail, and once when it works again.</summary>
    private void ReportStorage(Exception? failure)
    {
        if (failure is not null && !_storageFails)
        {
            observe(new StorageFailed(
                queueName, (failure.InnerException ?? failure).Message.ReplaceLineEndings("\n").Split('\n')[0]));
        }
        else if (failure is null && _storageFails)
        {
            observe(new StorageRecovered(queueName));
        }

        _storageFails = failure is not null;
    }
}
