using System.Net;
using System.Text.Json;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.EndToEndTests.Application;

public sealed class ChangeFeedTests(AzuriteFixture azurite)
{
    private const string Feed = "partner-changes";

    [Fact]
    public async Task Received_notification_is_passed_on()
    {
        Assert.SkipUnless(EndToEndHost.IsLocal, "It needs settings of its own.");
        var storage = azurite.NewAccount();
        await using var host = await EndToEndHost.StartLocalAsync(
            storage, settings: new Dictionary<string, string?> { ["ChangeFeed"] = Feed });
        var feed = new QueueClient(storage, Feed, new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 });

        using var response = await host.PostAsync(Bodies.Read("documented", "installed"), "/shop");

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        var message = await Wait.ForAsync(
            "the message", () => PeekAsync(feed), peeked => peeked is not null, Cancellation);
        var change = JsonDocument.Parse(message!.Body).RootElement;
        Assert.Equal(
            ((await EndToEndHost.IdOfAsync(response)).ToString(), "/cyclr/marketplace/shop", "com.cyclr.marketplace.installed"),
            (change.GetProperty("id").GetString(), change.GetProperty("source").GetString(),
                change.GetProperty("type").GetString()));
        var data = change.GetProperty("data");
        Assert.Equal(
            (true, 1, 1, "ExampleAccount"),
            (data.GetProperty("isCurrent").GetBoolean(), data.GetProperty("cycleCount").GetInt32(),
                data.GetProperty("errorCount").GetInt32(), data.GetProperty("accountApiId").GetString()));
    }

    /// <summary>Null until the application has created the queue and passed something on.</summary>
    private static async Task<PeekedMessage?> PeekAsync(QueueClient feed) =>
        await feed.ExistsAsync(Cancellation) ? (await feed.PeekMessageAsync(Cancellation)).Value : null;
}
