using Azure.Storage.Queues;
using MarketplaceWebhook.EndToEndTests.LocalHost.Fakes;
using MarketplaceWebhook.LocalHost;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.EndToEndTests.LocalHost;

/// <summary>Messages that fail too often, and those of a poison queue.</summary>
public sealed class PoisonQueueTests(AzuriteFixture azurite)
    : AppWithQueue<FakeApp>(new FakeApp().WithQueue("Orders", "orders"), azurite)
{
    private const string Captured = """{"orderId":17,"nested":{"a":1},"name":"ü"}""";

    [Fact]
    public async Task Message_that_is_not_Base64_moves_to_the_poison_queue_without_a_call()
    {
        await Queue.SendMessageAsync("not Base64!", Cancellation);
        await using var host = await App.StartAsync(Storage);

        await App.Events.FirstAsync<MessagePoisoned>();
        Assert.Equal("not Base64!", (await Poison.PeekMessageAsync(Cancellation)).Value.Body.ToString());
        Assert.Empty(App.Requests);
        await QueueIsEmptyAsync();
    }

    [Fact]
    public async Task Message_moves_to_the_poison_queue_with_the_same_text_and_seven_days_after_maxDequeueCount_failures()
    {
        App.Respond(500, "");
        await SendAsync(Captured);
        await using var host = await App.StartAsync(Storage);

        await App.Events.FirstAsync<MessagePoisoned>();

        Assert.Equal([1L, 2, 3, 4, 5], App.Events.All<QueueInvocation>().Select(seen => seen.DequeueCount));
        var copy = (await Poison.ReceiveMessageAsync(cancellationToken: Cancellation)).Value;
        Assert.Equal(Base64(Captured), copy.Body.ToString());
        Assert.Equal(TimeSpan.FromDays(7), copy.ExpiresOn - copy.InsertedOn);
        await QueueIsEmptyAsync();
    }

    [Fact]
    public async Task Message_delivered_too_often_moves_to_the_poison_queue_without_a_call()
    {
        await SendAsync("a message");
        await Queue.ReceiveMessageAsync(TimeSpan.FromSeconds(1), Cancellation);
        await using var host = await App.StartAsync(Storage, WithSetting("extensions__queues__maxDequeueCount", "1"));

        await App.Events.FirstAsync<MessagePoisoned>();

        Assert.Empty(App.Requests);
    }

    [Fact]
    public async Task Poison_queue_has_no_poison_queue_of_its_own()
    {
        App.WithQueue("Orders", "orders-poison").Respond(500, "");
        await Poison.CreateAsync(cancellationToken: Cancellation);
        await Poison.SendMessageAsync(Base64("dead"), Cancellation);
        var twice = WithSetting("extensions__queues__maxDequeueCount", "2");
        var shortLease = TimeSpan.FromSeconds(1); // 10 minutes outside of tests
        await using var host = await App.StartAsync(Storage, options => twice(options) with { MessageLease = shortLease });

        await App.Events.FirstAsync<MessageAbandoned>();
        await Wait.ForAsync(
            "the third delivery",
            async () => (await Poison.PeekMessageAsync(Cancellation)).Value,
            seen => seen is { DequeueCount: > 2 },
            Cancellation);

        Assert.Equal([1L, 2], App.Events.All<QueueInvocation>().Select(seen => seen.DequeueCount));
        Assert.False(await new QueueClient(Storage, "orders-poison-poison").ExistsAsync(Cancellation));
    }

    [Fact]
    public async Task Failed_message_of_a_poison_queue_stays_invisible_for_ten_minutes()
    {
        App.WithQueue("Orders", "orders-poison").Respond(500, "");
        await Poison.CreateAsync(cancellationToken: Cancellation);
        await Poison.SendMessageAsync(Base64("dead"), Cancellation);
        await using (var host = await App.StartAsync(Storage))
        {
            await App.Events.FirstAsync<QueueInvocation>();
        }

        Assert.Null((await Poison.PeekMessageAsync(Cancellation)).Value);
        Assert.Equal(1, (await Poison.GetPropertiesAsync(Cancellation)).Value.ApproximateMessagesCount);
    }

    [Fact]
    public async Task Message_of_a_poison_queue_that_is_not_Base64_stays_and_becomes_visible_again()
    {
        App.WithQueue("Orders", "orders-poison");
        await Poison.CreateAsync(cancellationToken: Cancellation);
        await Poison.SendMessageAsync("not Base64!", Cancellation);
        var shortLease = TimeSpan.FromSeconds(1); // 10 minutes outside of tests
        await using var host = await App.StartAsync(Storage, options => options with { MessageLease = shortLease });

        await Wait.ForAsync(
            "the second delivery",
            async () => (await Poison.PeekMessageAsync(Cancellation)).Value,
            seen => seen is { DequeueCount: > 1 },
            Cancellation);

        Assert.Empty(App.Requests);
        Assert.Empty(App.Events.All<QueueInvocation>());
    }

    private static Func<LocalFunctionsHostOptions, LocalFunctionsHostOptions> WithSetting(string name, string value) =>
        options => options with
        {
            Environment = new Dictionary<string, string?> { [$"AzureFunctionsJobHost__{name}"] = value },
        };
}
