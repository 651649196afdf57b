using System.Text.Json.Nodes;
using MarketplaceWebhook.EndToEndTests.LocalHost.Fakes;
using MarketplaceWebhook.LocalHost;
using MarketplaceWebhook.LocalHost.App;
using MarketplaceWebhook.Tests.Support;
using Microsoft.Extensions.Configuration;

namespace MarketplaceWebhook.EndToEndTests.LocalHost;

/// <summary>Which queues are read, and how many messages at once.</summary>
public sealed class QueuePollingTests(AzuriteFixture azurite)
    : AppWithQueue<FakeApp>(new FakeApp().WithQueue("Orders", "orders"), azurite)
{
    [Fact]
    public async Task Polled_queue_that_does_not_exist_is_a_warning_of_the_host_for_every_poll_if_Azure_Core_has_a_level()
    {
        using var app = new FakeApp().WithQueue("Missing", "missing").With(settings => settings["logging"] =
            new JsonObject { ["logLevel"] = new JsonObject { ["Azure.Core"] = "Warning" } });
        await using var host = await app.StartAsync(Storage);

        var lines = await app.Events.AtLeastAsync<HostWrote>(2);

        Assert.Equal(
            "warn: Azure.Core: Error response 404 QueueNotFound: the queue missing does not exist.", lines[0].Line);
    }

    [Fact]
    public async Task At_most_a_batch_plus_newBatchThreshold_messages_run_at_once()
    {
        App.With(host => host["extensions"]!["queues"]!["batchSize"] = 4);
        App.With(host => host["extensions"]!["queues"]!["newBatchThreshold"] = 2).Hold();
        for (var count = 0; count < 12; count++)
        {
            await SendAsync($"message {count}");
        }

        await using var host = await App.StartAsync(Storage);

        await App.RequestsAsync(4);
        App.Release();
        var seen = await App.RequestsAsync(12);

        Assert.InRange(seen.Max(request => request.UnderWay), 4, 6);
    }

    [Fact]
    public void Default_newBatchThreshold_is_half_a_batch_per_processor()
    {
        var settings = QueueSettings.Read(new ConfigurationBuilder().AddInMemoryCollection([new("batchSize", "10")]).Build());

        Assert.Equal(5 * Environment.ProcessorCount, settings.NewBatchThreshold);
    }

    [Fact]
    public async Task Connection_of_function_json_is_used()
    {
        App.WithQueue("Orders", "orders", connection: "Elsewhere");
        await SendAsync("a message");
        await using var host = await App.StartAsync("UseDevelopmentStorage=true", options => options with
        {
            Environment = new Dictionary<string, string?> { ["Elsewhere"] = Storage },
        });

        Assert.Equal(QueueOutcome.Completed, (await App.Events.FirstAsync<QueueInvocation>()).Outcome);
    }

    [Fact]
    public async Task Queue_that_is_created_later_is_read()
    {
        await Queue.DeleteAsync(Cancellation);
        await using var host = await App.StartAsync(Storage);
        await Queue.CreateAsync(cancellationToken: Cancellation);

        await SendAsync("a message");

        Assert.Equal(QueueOutcome.Completed, (await App.Events.FirstAsync<QueueInvocation>()).Outcome);
    }
}
