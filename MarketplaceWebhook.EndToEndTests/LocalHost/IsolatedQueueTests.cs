using System.Text;
using Azure.Storage.Queues;
using MarketplaceWebhook.EndToEndTests.LocalHost.Fakes;
using MarketplaceWebhook.EndToEndTests.Support;
using MarketplaceWebhook.LocalHost;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.EndToEndTests.LocalHost;

/// <summary>Queue functions of a real isolated worker. What both kinds of worker share is in QueueFunctionTests.</summary>
public sealed class IsolatedQueueTests : IAsyncLifetime
{
    private readonly SampleApp _app = new();
    private readonly string _storage;
    private readonly QueueClient _queue;

    public IsolatedQueueTests(AzuriteFixture azurite)
    {
        _storage = azurite.NewAccount();
        _queue = new QueueClient(_storage, "orders");
    }

    public async ValueTask InitializeAsync() => await _queue.CreateAsync(cancellationToken: Cancellation);

    public ValueTask DisposeAsync()
    {
        _app.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Message_reaches_the_function_with_its_properties_from_the_queue_that_a_setting_names()
    {
        var sent = await SendAsync("""{"orderId":17,"name":"ü"}""");
        await using var host = await _app.StartAsync(_storage);

        var seen = await _app.ReadJsonAsync("message-1");
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
        await using var host = await _app.StartAsync(_storage);

        Assert.Equal(QueueOutcome.Completed, (await _app.Events.FirstAsync<QueueInvocation>()).Outcome);
        await Wait.ForAsync(
            "an empty queue",
            async () => (await _queue.GetPropertiesAsync(Cancellation)).Value.ApproximateMessagesCount,
            count => count == 0,
            Cancellation);
    }

    [Fact]
    public async Task Message_whose_function_throws_is_delivered_maxDequeueCount_times_and_then_moved_to_the_poison_queue()
    {
        await SendAsync("throw");
        await using var host = await _app.With(
            "AzureFunctionsJobHost__extensions__queues__maxDequeueCount", "2").StartAsync(_storage);

        await _app.Events.FirstAsync<MessagePoisoned>();

        var seen = _app.Events.All<QueueInvocation>();
        Assert.Equal([1L, 2], seen.Select(invocation => invocation.DequeueCount));
        Assert.All(seen, invocation => Assert.Equal(
            (QueueOutcome.Failed, "System.InvalidOperationException the function fails"),
            (invocation.Outcome, invocation.Detail)));
        var poison = new QueueClient(_storage, "orders-poison");
        Assert.Equal(Base64("throw"), (await poison.PeekMessageAsync(Cancellation)).Value.Body.ToString());
    }

    [Fact]
    public async Task Message_in_flight_of_a_killed_worker_is_delivered_again()
    {
        await SendAsync("hold");
        await using var host = await _app.StartAsync(_storage);

        await _app.ReadAsync("message-1");
        await Processes.KillAsync(host.WorkerProcessId!.Value);
        _app.Release();
        var seen = await _app.Events.AtLeastAsync<QueueInvocation>(2);

        Assert.Equal([QueueOutcome.Failed, QueueOutcome.Completed], seen.Take(2).Select(invocation => invocation.Outcome));
        Assert.Equal([1L, 2], seen.Take(2).Select(invocation => invocation.DequeueCount));
    }

    [Fact]
    public async Task Messages_of_a_disabled_function_stay_in_the_queue()
    {
        await SendAsync("a message");
        var host = await _app.With("AzureWebJobs.ProcessMessage.Disabled", "true").StartAsync(_storage);
        await host.DisposeAsync();

        Assert.Equal(0, (await _queue.PeekMessageAsync(Cancellation)).Value.DequeueCount);
    }

    private async Task<Azure.Storage.Queues.Models.SendReceipt> SendAsync(string text) =>
        await _queue.SendMessageAsync(Base64(text), Cancellation);

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
