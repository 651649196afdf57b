using Azure;
using Azure.Storage.Queues;
using MarketplaceWebhook.LocalHost.Queues;
using MarketplaceWebhook.Tests.Support;
using MarketplaceWebhook.Tests.Support.Faults;
using Microsoft.Extensions.Time.Testing;

namespace MarketplaceWebhook.EndToEndTests.LocalHost;

public sealed class MessageLeaseTests(AzuriteFixture azurite)
{
    [Fact]
    public async Task Lease_is_renewed_at_half_time_and_the_newest_receipt_deletes_the_message()
    {
        var time = new FakeTimeProvider();
        var queue = new QueueClient(azurite.NewAccount(), "orders");
        await queue.CreateAsync(cancellationToken: Cancellation);
        await queue.SendMessageAsync("a message", Cancellation);
        var message = (await queue.ReceiveMessageAsync(TimeSpan.FromMinutes(10), Cancellation)).Value;
        var lease = new MessageLease(queue, message, TimeSpan.FromMinutes(10), time);

        time.Advance(TimeSpan.FromMinutes(5));
        await Wait.ForAsync(
            "another receipt", () => lease.PopReceipt != message.PopReceipt, Cancellation);
        await lease.DisposeAsync();

        await Assert.ThrowsAsync<RequestFailedException>(
            () => queue.DeleteMessageAsync(message.MessageId, message.PopReceipt, Cancellation));
        await queue.DeleteMessageAsync(message.MessageId, lease.PopReceipt, Cancellation);
    }

    [Fact]
    public async Task Lease_is_renewed_again_after_a_renewal_that_got_no_response()
    {
        var time = new FakeTimeProvider();
        await using var proxy = await FaultProxy.StartAsync(azurite.NewAccount(), Cancellation);
        var queue = new QueueClient(
            proxy.ConnectionString, "orders", new QueueClientOptions { Retry = { MaxRetries = 1, Delay = TimeSpan.Zero } });
        await queue.CreateAsync(cancellationToken: Cancellation);
        await queue.SendMessageAsync("a message", Cancellation);
        var message = (await queue.ReceiveMessageAsync(TimeSpan.FromMinutes(10), Cancellation)).Value;
        await using var lease = new MessageLease(queue, message, TimeSpan.FromMinutes(10), time);
        var calls = proxy.Calls.Count;
        using (proxy.Break(Fault.BrokenConnection))
        {
            time.Advance(TimeSpan.FromMinutes(5));
            await Wait.ForAsync("both attempts", () => proxy.Calls.Count == calls + 2, Cancellation);
        }

        await Wait.ForAsync(
            "another receipt", () =>
            {
                time.Advance(TimeSpan.FromMinutes(1));
                return lease.PopReceipt != message.PopReceipt;
            },
            Cancellation);
    }
}
