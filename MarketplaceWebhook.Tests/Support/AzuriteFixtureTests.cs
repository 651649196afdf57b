using Azure.Storage.Queues;

namespace MarketplaceWebhook.Tests.Support;

public sealed class AzuriteFixtureTests(AzuriteFixture azurite)
{
    [Fact]
    public async Task Accounts_have_separate_queues()
    {
        var first = new QueueClient(azurite.NewAccount(), "a-queue");
        var second = new QueueClient(azurite.NewAccount(), "a-queue");

        await first.CreateAsync(cancellationToken: Cancellation);

        Assert.True(await first.ExistsAsync(Cancellation));
        Assert.False(await second.ExistsAsync(Cancellation));
    }
}
