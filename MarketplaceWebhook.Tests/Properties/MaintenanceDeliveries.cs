using System.Text;
using Azure;
using MarketplaceWebhook.Fallback;
using MarketplaceWebhook.Projecting;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support.MemoryStorage;

namespace MarketplaceWebhook.Tests.Properties;

/// <summary>
/// The messages that a <see cref="MaintenanceHistory"/> delivers: projected, deleted, put back with a delay, delivered again,
/// recorded as a dead letter, or moved from the fallback storage; a move can be killed at any of its calls.
/// </summary>
internal sealed class MaintenanceDeliveries(MaintenanceStorage storage, Random random, MaintenanceReceipts receipts)
{
    private readonly MemoryQueueClient _queue = storage.Primary.Queue;
    private readonly MemoryQueueClient _poison = storage.Primary.PoisonQueue;
    private readonly MemoryQueueClient _fallback = storage.Fallback.Queue;
    private int? _callsUntilMoveIsKilled;

    public List<Delivery> InProgress { get; } = [];

    public List<ReceivedBody> Projected { get; } = [];

    /// <summary>At each storage call.</summary>
    public void CountCall()
    {
        if (_callsUntilMoveIsKilled-- == 0)
        {
            throw new KilledException();
        }
    }

    public Task ReceiveAnyAsync() => ReceiveAsync(random.Next(4) switch { 0 or 1 => _queue, 2 => _poison, _ => _fallback });

    public Task ContinueAnyAsync() => ContinueAsync(InProgress[random.Next(InProgress.Count)], mayFail: true);

    /// <summary>Until every message is projected or a dead letter.</summary>
    /// <param name="isMoving">False: what is in the fallback storage stays there.</param>
    public async Task DrainAsync(bool isMoving)
    {
        await CompleteAsync();
        MemoryQueueClient[] queues = isMoving ? [_queue, _poison, _fallback] : [_queue, _poison];
        while (queues.Any(queue => queue.Texts.Count > 0))
        {
            storage.Time.Advance(TimeSpan.FromMinutes(10));
            await ReceiveAsync(queues[random.Next(queues.Length)]);
            await CompleteAsync();
        }

        async Task CompleteAsync()
        {
            while (InProgress.Count > 0)
            {
                await ContinueAsync(InProgress[0], mayFail: false);
            }
        }
    }

    private async Task ReceiveAsync(MemoryQueueClient queue)
    {
        foreach (var message in (await queue.ReceiveMessagesAsync(1, TimeSpan.FromMinutes(10))).Value)
        {
            InProgress.Add(new Delivery(queue, message.MessageId, message.PopReceipt, message.Body.ToString()));
        }
    }

    /// <summary>The next step of a delivery; the message of one that ends early is delivered again.</summary>
    private async Task ContinueAsync(Delivery delivery, bool mayFail)
    {
        var outcome = mayFail ? random.Next(6) : 5;
        if (outcome == 0)
        {
            Release(delivery);
        }
        else if (delivery.IsDone)
        {
            await DeleteAsync(delivery);
        }
        else if (delivery.Queue == _fallback)
        {
            await MoveAsync(delivery, mayFail);
        }
        else
        {
            delivery.IsDone = true;
            await (outcome switch
            {
                1 => storage.Services.Get<NotificationQueue>().PutBackPoisonAsync(
                    delivery.Text, TimeSpan.FromMinutes(5), default),
                2 when delivery.Queue == _poison => RecordFailedAsync(delivery.Text),
                _ => ProjectAsync(delivery.Text),
            });
        }
    }

    private void Release(Delivery delivery)
    {
        InProgress.Remove(delivery);
        delivery.Queue.Release(delivery.MessageId);
    }

    private async Task DeleteAsync(Delivery delivery)
    {
        InProgress.Remove(delivery);
        try
        {
            await delivery.Queue.DeleteMessageAsync(delivery.MessageId, delivery.PopReceipt);
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            // It was removed, or received again, since.
        }
    }

    /// <summary>The message of a move that is killed is delivered again.</summary>
    private async Task MoveAsync(Delivery delivery, bool mayFail)
    {
        _callsUntilMoveIsKilled = mayFail ? random.Next(20) : null;
        try
        {
            await storage.Services.Get<FallbackMover>().MoveAsync(delivery.Text, default);
            delivery.IsDone = true;
        }
        catch (KilledException)
        {
            Release(delivery);
        }
        finally
        {
            _callsUntilMoveIsKilled = null;
        }
    }

    private async Task ProjectAsync(string text)
    {
        var id = await storage.Services.Get<Projector>().ProjectAsync(text, default);
        Projected.Add(receipts.Sent.Single(one => one.Id == id));
    }

    private Task RecordFailedAsync(string text)
    {
        var envelope = Envelope.Read(text);
        return storage.Services.Get<DeadLetterTable>().RecordAsync(
            new DeadLetter
            {
                Kind = DeadLetter.Failed,
                Id = envelope.Id,
                Reason = FailureReason.ProjectionFailed,
                Detail = "why",
                AccountId = receipts.Sent.Single(one => one.Id == envelope.Id).Account,
                Body = Encoding.UTF8.GetBytes(text),
                BodyLength = text.Length,
            },
            default);
    }
}

internal sealed record Delivery(MemoryQueueClient Queue, string MessageId, string PopReceipt, string Text)
{
    /// <summary>What is left is to delete the message.</summary>
    public bool IsDone { get; set; }
}

/// <summary>Ends what runs at a storage call, as a crash does.</summary>
internal sealed class KilledException : Exception;
