using System.Text;
using Azure;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using MarketplaceWebhook.Cli.LocalHost.App;

namespace MarketplaceWebhook.Cli.LocalHost.Queues;

/// <summary>Reads one queue, hands its messages to the handler, and does with them what the host does.</summary>
internal sealed class QueueListener(
    QueueFunction function, QueueSettings settings, QueueServiceClient storage, QueueInvoker invoker,
    TimeSpan lease, TimeProvider time, Action<HostEvent> observe)
{
    private const string PoisonSuffix = "-poison";

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly QueueClient queue = storage.GetQueueClient(function.QueueName);

    // A poison queue has no poison queue of its own.
    private readonly QueueClient? poison = function.QueueName.EndsWith(PoisonSuffix, StringComparison.OrdinalIgnoreCase)
        ? null
        : storage.GetQueueClient(function.QueueName + PoisonSuffix);

    private readonly PollingInterval interval = new(settings.MaxPollingInterval);
    private readonly HashSet<Task> underWay = [];
    private bool storageFails;

    /// <param name="stopping">No further message is read.</param>
    /// <param name="cutting">Invocations under way are given up; their messages come back when their lease ends.</param>
    public async Task RunAsync(CancellationToken stopping, CancellationToken cutting)
    {
        try
        {
            while (true)
            {
                var messages = await ReadAsync(stopping);
                if (messages is [])
                {
                    await Task.Delay(interval.Next(), time, stopping);
                    continue;
                }

                interval.Reset();
                underWay.UnionWith(messages.Select(message => HandleAsync(message, cutting)));
                underWay.RemoveWhere(task => task.IsCompleted);
                while (underWay.Count > settings.NewBatchThreshold)
                    underWay.Remove(await Task.WhenAny(underWay).WaitAsync(stopping));
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            await Task.WhenAll(underWay).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<QueueMessage[]> ReadAsync(CancellationToken stopping)
    {
        try
        {
            QueueMessage[] messages = await queue.ReceiveMessagesAsync(settings.BatchSize, lease, stopping);
            ReportStorage(failure: null);
            return messages;
        }
        catch (RequestFailedException exception) when (exception.ErrorCode == QueueErrorCode.QueueNotFound)
        {
            // Whoever writes to it makes it.
            ReportStorage(failure: null);
            return [];
        }
        catch (Exception exception) when (!stopping.IsCancellationRequested)
        {
            ReportStorage(exception);
            return [];
        }
    }

    private async Task HandleAsync(QueueMessage message, CancellationToken cutting)
    {
        try
        {
            if (TextOf(message) is not { } text)
                await PoisonAsync(message, message.PopReceipt, "it is not Base64", cutting);
            else if (message.DequeueCount > settings.MaxDequeueCount)
                await PoisonAsync(
                    message, message.PopReceipt, $"it was delivered {settings.MaxDequeueCount} times before", cutting);
            else
                await InvokeAsync(message, text, cutting);
        }
        catch (Exception exception) when (!cutting.IsCancellationRequested)
        {
            // Storage took neither the end nor the release of the message: it comes back when its lease ends.
            ReportStorage(exception);
        }
        catch (Exception) when (cutting.IsCancellationRequested)
        {
            // The host stops: the message comes back as after a crash.
        }
    }

    private async Task InvokeAsync(QueueMessage message, string text, CancellationToken cutting)
    {
        var started = time.GetTimestamp();
        var kept = new MessageLease(queue, message, lease, time);
        QueueOutcome outcome;
        string detail;
        await using (kept)
            (outcome, detail) = await invoker.InvokeAsync(
                function, InvocationBody.Write(function.BindingName, message, text, time.GetUtcNow()), cutting);

        observe(new QueueInvocation(
            function.Name, message.MessageId, text, message.DequeueCount, outcome, detail, time.GetElapsedTime(started)));

        if (outcome == QueueOutcome.Completed)
            await queue.DeleteMessageAsync(message.MessageId, kept.PopReceipt, cutting);
        else if (message.DequeueCount >= settings.MaxDequeueCount)
            await PoisonAsync(message, kept.PopReceipt, $"it failed {settings.MaxDequeueCount} times", cutting);
        else if (poison is not null)
            await queue.UpdateMessageAsync(
                message.MessageId, kept.PopReceipt, visibilityTimeout: settings.VisibilityTimeout, cancellationToken: cutting);
    }

    /// <summary>
    /// With the same text, and the storage's own time to live of 7 days. A message of a poison queue just stays there,
    /// invisible as long as its lease.
    /// </summary>
    private async Task PoisonAsync(QueueMessage message, string popReceipt, string reason, CancellationToken cancellationToken)
    {
        if (poison is null)
        {
            if (message.DequeueCount == settings.MaxDequeueCount)
                observe(new MessageAbandoned(function.QueueName, message.MessageId));
            return;
        }

        try
        {
            await poison.SendMessageAsync(message.Body, cancellationToken: cancellationToken);
        }
        catch (RequestFailedException exception) when (exception.ErrorCode == QueueErrorCode.QueueNotFound)
        {
            await poison.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
            await poison.SendMessageAsync(message.Body, cancellationToken: cancellationToken);
        }

        await queue.DeleteMessageAsync(message.MessageId, popReceipt, cancellationToken);
        observe(new MessagePoisoned(function.QueueName, message.MessageId, reason));
    }

    private string? TextOf(QueueMessage message)
    {
        var text = message.Body.ToString();
        if (!settings.Base64)
            return text;

        try
        {
            return StrictUtf8.GetString(Convert.FromBase64String(text));
        }
        catch (Exception exception) when (exception is FormatException or DecoderFallbackException)
        {
            return null;
        }
    }

    /// <summary>Once when it begins to fail and once when it answers again.</summary>
    private void ReportStorage(Exception? failure)
    {
        if (failure is not null && !storageFails)
            observe(new StorageFailed(
                function.QueueName, (failure.InnerException ?? failure).Message.ReplaceLineEndings("\n").Split('\n')[0]));
        else if (failure is null && storageFails)
            observe(new StorageRecovered(function.QueueName));
        storageFails = failure is not null;
    }
}
