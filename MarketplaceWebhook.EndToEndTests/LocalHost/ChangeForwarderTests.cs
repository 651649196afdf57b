using Azure.Storage.Queues;
using MarketplaceWebhook.EndToEndTests.LocalHost.Fakes;
using MarketplaceWebhook.EndToEndTests.Support;
using MarketplaceWebhook.LocalHost;
using MarketplaceWebhook.LocalHost.Queues;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.EndToEndTests.LocalHost;

/// <summary>The change feed as POST requests to an application that responds as it likes.</summary>
public sealed class ChangeForwarderTests(AzuriteFixture azurite)
{
    private const string Feed = "partner-changes";
    private const string Change = """{"specversion":"1.0","id":"1","data":{"name":"ü"}}""";

    private readonly string _storage = azurite.NewAccount();
    private readonly SeenEvents _seen = new();

    private QueueClient Queue => new(_storage, Feed, new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 });

    [Fact]
    public async Task Change_is_posted_as_a_structured_cloud_event_and_removed_after_2xx()
    {
        await using var partner = await PartnerApplication.StartAsync();
        await SendAsync(Change);
        await using var forwarder = Start(new Uri($"{partner.Url}?token=x"));

        var forwarded = await _seen.FirstAsync<ChangeForwarded>();

        Assert.Equal((204, 1, null), (forwarded.Status, forwarded.DequeueCount, forwarded.RetryAfter));
        Assert.Equal(
            new PartnerApplication.Request(
                "POST", "/changes", "?token=x", "application/cloudevents+json; charset=utf-8", Change),
            Assert.Single(partner.Requests));
        await UntilEmptyAsync();
    }

    [Theory]
    [InlineData(500)]
    [InlineData(404)]
    [InlineData(307)]
    [InlineData(0)]
    public async Task Any_other_response_leaves_the_change_on_the_queue_and_it_is_posted_again(int status)
    {
        await using var partner = await PartnerApplication.StartAsync();
        partner.Respond(status);
        await SendAsync(Change);
        await using var forwarder = Start(partner.Url, TimeSpan.FromSeconds(1));

        var forwarded = await _seen.AtLeastAsync<ChangeForwarded>(2);

        Assert.Equal(
            [(status == 0 ? null : status, TimeSpan.FromSeconds(1)), (204, (TimeSpan?)null)],
            forwarded.Select(attempt => (attempt.Status, attempt.RetryAfter)));
        Assert.Equal(["/changes", "/changes"], partner.Requests.Select(request => request.Path));
        await UntilEmptyAsync();
    }

    [Fact]
    public async Task Change_of_an_application_that_does_not_run_is_posted_once_it_does_also_by_another_run()
    {
        int port;
        await using (var first = await PartnerApplication.StartAsync())
        {
            port = first.Url.Port;
        }

        var url = new Uri($"http://127.0.0.1:{port}/changes");
        await SendAsync(Change);
        await using (Start(url))
        {
            var attempts = await _seen.AtLeastAsync<ChangeForwarded>(2);
            Assert.Equal([null, null], attempts.Take(2).Select(attempt => attempt.Status));
            Assert.Equal([1, 2], attempts.Take(2).Select(attempt => attempt.RetryAfter?.TotalSeconds));
        }

        await using var partner = await PartnerApplication.StartAsync(port);
        await using var again = Start(url);

        await UntilEmptyAsync();
        Assert.Equal(Change, Assert.Single(partner.Requests).Body);
    }

    /// <summary>Six failures would move the message of a function to the poison queue.</summary>
    [Fact]
    public async Task Change_that_failed_more_often_than_a_function_may_is_still_posted()
    {
        await SendAsync(Change);
        for (var delivery = 1; delivery <= 6; delivery++)
        {
            await Queue.ReceiveMessagesAsync(1, TimeSpan.FromSeconds(1), Cancellation);
            await Wait.ForAsync(
                "the message again", async () => (await Queue.PeekMessageAsync(Cancellation)).Value, peeked => peeked is not null,
                Cancellation);
        }

        await using var partner = await PartnerApplication.StartAsync();
        await using var forwarder = Start(partner.Url);

        Assert.Equal(7, (await _seen.FirstAsync<ChangeForwarded>()).DequeueCount);
        await UntilEmptyAsync();
    }

    private ChangeForwarder Start(Uri url, TimeSpan? timeout = null) => ChangeForwarder.Start(
        StorageSettings.FromConnectionString(_storage), Feed, url, _seen.Add, timeout);

    private async Task SendAsync(string message)
    {
        await Queue.CreateIfNotExistsAsync(cancellationToken: Cancellation);
        await Queue.SendMessageAsync(message, Cancellation);
    }

    private Task UntilEmptyAsync() => Wait.ForAsync(
        "an empty feed",
        async () => (await Queue.GetPropertiesAsync(Cancellation)).Value.ApproximateMessagesCount,
        count => count == 0,
        Cancellation);
}
