using Azure;
using Azure.Storage.Queues;
using MarketplaceWebhook.LocalHost.Queues;
using MarketplaceWebhook.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace MarketplaceWebhook.EndToEndTests.LocalHost;

public sealed class MessageLeaseTests(AzuriteFixture azurite)
{
    [Fact]
    public async Task Lease_is_renewed_at_half_time_and_the_newest_receipt_deletes_the_message()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var time = new FakeTimeProvider();
        var queue = new QueueClient(azurite.NewAccount(), "orders");
        await queue.CreateAsync(cancellationToken: cancellationToken);
        await queue.SendMessageAsync("a message", cancellationToken);
        var message = (await queue.ReceiveMessageAsync(TimeSpan.FromMinutes(10), cancellationToken)).Value;
        var lease = new MessageLease(queue, message, TimeSpan.FromMinutes(10), time);

        time.Advance(TimeSpan.FromMinutes(5));
        await Wait.ForAsync(
            "another receipt", () => lease.PopReceipt != message.PopReceipt, TestContext.Current.CancellationToken);
        await lease.DisposeAsync();

        await Assert.ThrowsAsync<RequestFailedException>(
            () => queue.DeleteMessageAsync(message.MessageId, message.PopReceipt, cancellationToken));
        await queue.DeleteMessageAsync(message.MessageId, lease.PopReceipt, cancellationToken);
    }
}
