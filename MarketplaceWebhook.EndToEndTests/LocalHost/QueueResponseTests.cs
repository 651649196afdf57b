using System.Diagnostics;
using System.Text.Json.Nodes;
using MarketplaceWebhook.EndToEndTests.LocalHost.Fakes;
using MarketplaceWebhook.EndToEndTests.Support;
using MarketplaceWebhook.LocalHost;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.EndToEndTests.LocalHost;

/// <summary>What the response of a function means for its message.</summary>
public sealed class QueueResponseTests(AzuriteFixture azurite)
    : AppWithQueue<FakeApp>(new FakeApp().WithQueue("Orders", "orders"), azurite)
{
    private const string Captured = """{"orderId":17,"nested":{"a":1},"name":"ü"}""";

    [Theory]
    [InlineData(200, "{}", "application/json")]
    [InlineData(202, "{}", "application/json; charset=utf-8")]
    [InlineData(200, """{"Outputs":{},"Logs":[],"ReturnValue":null}""", "application/json")]
    public async Task Response_200_or_202_with_a_JSON_object_deletes_the_message(int status, string body, string contentType)
    {
        App.Respond(status, body, contentType);
        await SendAsync("a message");
        await using var host = await App.StartAsync(Storage);

        Assert.Equal(QueueOutcome.Completed, (await App.Events.FirstAsync<QueueInvocation>()).Outcome);
        await QueueIsEmptyAsync();
    }

    [Theory]
    [InlineData(204, "", null)]
    [InlineData(200, "", "application/json")]
    [InlineData(200, "", "text/plain")]
    [InlineData(200, "null", "application/json")]
    public async Task Response_without_content_never_completes_until_the_function_timeout_restarts_the_handler(
        int status, string body, string? contentType)
    {
        App.Respond(status, body, contentType);
        await SendAsync("a message");
        await using var host = await App.StartAsync(Storage, WithSetting("functionTimeout", "00:00:01"));
        var first = host.WorkerProcessId!.Value;

        var seen = await App.Events.FirstAsync<QueueInvocation>();
        await App.Events.AtLeastAsync<WorkerReady>(2);

        Assert.Equal(QueueOutcome.TimedOut, seen.Outcome);
        Assert.InRange(seen.Duration, TimeSpan.FromSeconds(0.9), TimeSpan.FromSeconds(20));
        Assert.Equal(first, (await App.Events.FirstAsync<WorkerRestarted>()).ProcessId);
        Assert.False(Processes.IsRunning(first));
        Assert.Empty(App.Events.All<WorkerExited>());
    }

    [Theory]
    [InlineData(200, "[]", "application/json")]
    [InlineData(200, "\"x\"", "application/json")]
    [InlineData(200, "not JSON", "application/json")]
    [InlineData(200, "{}", "text/plain")]
    [InlineData(200, "{}", null)]
    [InlineData(302, "{}", "application/json")]
    [InlineData(400, "{}", "application/json")]
    [InlineData(500, "{}", "application/json")]
    public async Task Any_other_response_returns_the_message_to_the_queue(int status, string body, string? contentType)
    {
        App.Respond(status, body, contentType);
        await ComesBackAsync();
    }

    [Fact]
    public async Task Dropped_connection_returns_the_message_to_the_queue()
    {
        App.Respond(new JsonObject { ["drop"] = true });
        await ComesBackAsync();
    }

    [Fact]
    public async Task Failed_message_becomes_visible_after_the_visibility_timeout_of_host_json_or_a_setting()
    {
        App.With(host => host["extensions"]!["queues"]!["visibilityTimeout"] = "01:00:00").Respond(500, "");
        await SendAsync("a message");
        await using var host = await App.StartAsync(Storage, WithSetting("extensions__queues__visibilityTimeout", "00:00:02"));

        await App.RequestsAsync(1);
        var since = Stopwatch.GetTimestamp();
        await App.RequestsAsync(2);

        // Storage counts in whole seconds.
        Assert.InRange(Stopwatch.GetElapsedTime(since), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(25));
    }

    private static Func<LocalFunctionsHostOptions, LocalFunctionsHostOptions> WithSetting(string name, string value) =>
        options => options with
        {
            Environment = new Dictionary<string, string?> { [$"AzureFunctionsJobHost__{name}"] = value },
        };

    private async Task ComesBackAsync()
    {
        await SendAsync(Captured);
        await using var host = await App.StartAsync(Storage);

        var seen = await App.Events.AtLeastAsync<QueueInvocation>(2);

        Assert.All(seen.Take(2), one => Assert.Equal((QueueOutcome.Failed, Captured), (one.Outcome, one.Text)));
        Assert.Equal([1L, 2], seen.Take(2).Select(one => one.DequeueCount));
    }
}
