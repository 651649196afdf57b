using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Azure.Storage.Queues;
using MarketplaceWebhook.EndToEndTests.LocalHost.Fakes;
using MarketplaceWebhook.EndToEndTests.Support;
using MarketplaceWebhook.LocalHost;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.EndToEndTests.LocalHost;

public sealed class CustomHandlerCrashTests(AzuriteFixture azurite) : IDisposable
{
    private readonly FakeApp _app = new FakeApp().WithHttp("Orders", "orders", authLevel: "anonymous");
    private readonly HttpClient _http = new();

    public void Dispose()
    {
        _http.Dispose();
        _app.Dispose();
    }

    [Fact]
    public async Task Killed_handler_is_started_again_on_a_new_port_and_the_next_call_succeeds()
    {
        await using var host = await _app.StartAsync();

        await Processes.KillAsync(host.WorkerProcessId!.Value);
        using var response = await PostAsync(host);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var started = _app.Events.All<WorkerStarted>();
        Assert.Equal(2, started.Count);
        Assert.NotEqual(started[0].Port, started[1].Port);
        Assert.Equal(started[1].ProcessId, host.WorkerProcessId);
        Assert.Equal(RealHostReaction.StartsItAgain, Assert.Single(_app.Events.All<WorkerExited>()).RealHost);
    }

    [Fact]
    public async Task Call_in_flight_of_a_killed_handler_receives_500()
    {
        _app.Hold();
        await using var host = await _app.StartAsync();

        var call = PostAsync(host);
        await _app.RequestsAsync(1);
        await Processes.KillAsync(host.WorkerProcessId!.Value);
        using var response = await call;

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.Empty(await response.Content.ReadAsByteArrayAsync(Cancellation));
    }

    [Fact]
    public async Task Message_in_flight_of_a_killed_handler_is_delivered_again()
    {
        var storage = azurite.NewAccount();
        var queue = new QueueClient(storage, "orders");
        await queue.CreateAsync(cancellationToken: Cancellation);
        await queue.SendMessageAsync(Convert.ToBase64String(Encoding.UTF8.GetBytes("a message")), Cancellation);
        _app.WithQueue("Queued", "orders").Hold();
        await using var host = await _app.StartAsync(storage);

        await _app.RequestsAsync(1);
        await Processes.KillAsync(host.WorkerProcessId!.Value);
        _app.Release();
        var seen = await _app.Events.AtLeastAsync<QueueInvocation>(2);

        Assert.Equal([QueueOutcome.Failed, QueueOutcome.Completed], seen.Take(2).Select(one => one.Outcome));
        Assert.Equal([1L, 2], seen.Take(2).Select(one => one.DequeueCount));
    }

    [Fact]
    public async Task Calls_wait_until_the_next_handler_is_ready()
    {
        await using var host = await _app.StartAsync();

        _app.Mark("hold-start");
        await Processes.KillAsync(host.WorkerProcessId!.Value);
        await _app.Events.AtLeastAsync<WorkerStarted>(2);
        var call = PostAsync(host);
        var completedEarly = call.IsCompleted;
        _app.Unmark("hold-start");
        using var response = await call;

        Assert.False(completedEarly);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData(1, RealHostReaction.StartsItAgain)]
    [InlineData(200, RealHostReaction.StartsItAgain)]
    [InlineData(0, RealHostReaction.RespondsWith500)]
    public async Task Handler_that_exits_is_started_again_and_the_reaction_of_the_real_host_is_reported(
        int exitCode, RealHostReaction expected)
    {
        _app.Respond(new JsonObject { ["exit"] = exitCode });
        await using var host = await _app.StartAsync();

        using var cut = await PostAsync(host);
        _app.Respond(200, "{}");
        using var next = await PostAsync(host);

        Assert.Equal(HttpStatusCode.InternalServerError, cut.StatusCode);
        Assert.Equal(HttpStatusCode.OK, next.StatusCode);
        var exited = Assert.Single(_app.Events.All<WorkerExited>());
        Assert.Equal((exitCode, expected), (exited.ExitCode, exited.RealHost));
    }

    [Fact]
    public async Task Third_crash_reports_that_the_real_host_would_have_stopped()
    {
        await using var host = await _app.StartAsync();

        for (var crash = 1; crash <= 3; crash++)
        {
            await Processes.KillAsync(host.WorkerProcessId!.Value);
            await _app.Events.AtLeastAsync<WorkerReady>(crash + 1);
        }

        using var response = await PostAsync(host);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(
            [RealHostReaction.StartsItAgain, RealHostReaction.StartsItAgain, RealHostReaction.Stops],
            _app.Events.All<WorkerExited>().Select(exited => exited.RealHost));
    }

    private Task<HttpResponseMessage> PostAsync(LocalFunctionsHost host) =>
        _http.PostAsync(new Uri(host.BaseAddress, "api/orders"), new StringContent("{}"), Cancellation);
}
