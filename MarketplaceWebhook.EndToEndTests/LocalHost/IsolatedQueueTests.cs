using MarketplaceWebhook.EndToEndTests.LocalHost.Fakes;
using MarketplaceWebhook.EndToEndTests.Support;
using MarketplaceWebhook.LocalHost;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.EndToEndTests.LocalHost;

/// <summary>Queue functions of a real isolated worker. What both kinds of worker share is in the other tests of queues.</summary>
public sealed class IsolatedQueueTests(AzuriteFixture azurite) : AppWithQueue<SampleApp>(new(), azurite)
{
    [Fact]
    public async Task Message_reaches_the_function_with_its_properties_from_the_queue_that_a_setting_names()
    {
        var sent = await SendAsync("""{"orderId":17,"name":"ü"}""");
        await using var host = await App.StartAsync(Storage);

        var seen = await App.ReadJsonAsync("message-1");
        Assert.Equal(sent.MessageId, (string?)seen["MessageId"]);
        Assert.NotEmpty((string)seen["PopReceipt"]!);
        Assert.Equal("""{"orderId":17,"name":"ü"}""", (string?)seen["Text"]);
        Assert.Equal(1, (int?)seen["DequeueCount"]);
        Assert.Equal(sent.InsertionTime, (DateTimeOffset?)seen["InsertedOn"]);
        Assert.Equal(sent.ExpirationTime, (DateTimeOffset?)seen["ExpiresOn"]);
        Assert.InRange(
            (DateTimeOffset)seen["NextVisibleOn"]! - DateTimeOffset.UtcNow, TimeSpan.FromMinutes(9), TimeSpan.FromMinutes(10.1));
    }

    [Fact]
    public async Task Successful_message_is_deleted()
    {
        await SendAsync("a message");
        await using var host = await App.StartAsync(Storage);

        Assert.Equal(QueueOutcome.Completed, (await App.Events.FirstAsync<QueueInvocation>()).Outcome);
        await QueueIsEmptyAsync();
    }

    [Fact]
    public async Task Message_whose_function_throws_is_delivered_maxDequeueCount_times_and_then_moved_to_the_poison_queue()
    {
        await SendAsync("throw");
        await using var host = await App.With(
            "AzureFunctionsJobHost__extensions__queues__maxDequeueCount", "2").StartAsync(Storage);

        await App.Events.FirstAsync<MessagePoisoned>();

        var seen = App.Events.All<QueueInvocation>();
        Assert.Equal([1L, 2], seen.Select(invocation => invocation.DequeueCount));
        Assert.All(seen, invocation => Assert.Equal(
            (QueueOutcome.Failed, "System.InvalidOperationException the function fails"),
            (invocation.Outcome, invocation.Detail)));
        Assert.Equal(Base64("throw"), (await Poison.PeekMessageAsync(Cancellation)).Value.Body.ToString());
    }

    [Fact]
    public async Task Message_in_flight_of_a_killed_worker_is_delivered_again()
    {
        await SendAsync("hold");
        await using var host = await App.StartAsync(Storage);

        await App.ReadAsync("message-1");
        await Processes.KillAsync(host.WorkerProcessId!.Value);
        App.Release();
        var seen = await App.Events.AtLeastAsync<QueueInvocation>(2);

        Assert.Equal([QueueOutcome.Failed, QueueOutcome.Completed], seen.Take(2).Select(invocation => invocation.Outcome));
        Assert.Equal([1L, 2], seen.Take(2).Select(invocation => invocation.DequeueCount));
    }

    [Fact]
    public async Task Messages_of_a_disabled_function_stay_in_the_queue()
    {
        await SendAsync("a message");
        var host = await App.With("AzureWebJobs.ProcessMessage.Disabled", "true").StartAsync(Storage);
        await host.DisposeAsync();

        Assert.Equal(0, (await Queue.PeekMessageAsync(Cancellation)).Value.DequeueCount);
    }
}
