using System.Net;
using MarketplaceWebhook.EndToEndTests.LocalHost.Fakes;
using MarketplaceWebhook.EndToEndTests.Support;
using MarketplaceWebhook.LocalHost;

namespace MarketplaceWebhook.EndToEndTests.LocalHost;

/// <summary>A real isolated worker that is killed, exits, closes its stream or exceeds the time limit.</summary>
public sealed class IsolatedCrashTests : IDisposable
{
    private readonly SampleApp _app = new();
    private readonly HttpClient _http = new();

    public void Dispose()
    {
        _http.Dispose();
        _app.Dispose();
    }

    [Fact]
    public async Task Killed_worker_is_started_again_and_the_next_call_succeeds()
    {
        await using var host = await _app.StartAsync();

        await Processes.KillAsync(host.WorkerProcessId!.Value);
        using var response = await PostAsync(host, "api/respond/200");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(_app.Events.All<WorkerStarted>()[1].ProcessId, host.WorkerProcessId);
        Assert.Equal(RealHostReaction.StartsItAgain, Assert.Single(_app.Events.All<WorkerExited>()).RealHost);
    }

    [Fact]
    public async Task Call_in_flight_of_a_killed_worker_receives_500()
    {
        await using var host = await _app.StartAsync();

        var call = PostAsync(host, "api/hold");
        await _app.ReadAsync("began");
        await Processes.KillAsync(host.WorkerProcessId!.Value);
        using var response = await call;

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.Empty(await response.Content.ReadAsByteArrayAsync(Cancellation));
    }

    [Fact]
    public async Task Calls_that_fail_because_the_worker_does_not_listen_yet_are_sent_again()
    {
        await using var host = await _app.With("SAMPLE_HTTP_DELAY", "00:00:00.3").StartAsync();

        var calls = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => PostAsync(host, "api/respond/200")));

        Assert.All(calls, response => Assert.Equal(HttpStatusCode.OK, response.StatusCode));
    }

    [Fact]
    public async Task Worker_that_exits_is_started_again_and_the_reaction_of_the_real_host_is_reported()
    {
        await using var host = await _app.StartAsync();

        foreach (var exitCode in (int[])[1, 200, 0])
        {
            using var cut = await PostAsync(host, $"api/exit/{exitCode}");
            using var next = await PostAsync(host, "api/respond/200");
            Assert.Equal((HttpStatusCode.InternalServerError, HttpStatusCode.OK), (cut.StatusCode, next.StatusCode));
        }

        Assert.Equal(
            [
                (1, RealHostReaction.StartsItAgain), (200, RealHostReaction.StartsItAgain), (0, RealHostReaction.RespondsWith500),
            ],
            _app.Events.All<WorkerExited>().Select(exited => (exited.ExitCode, exited.RealHost)));
    }

    [Fact]
    public async Task Worker_that_closes_its_stream_and_lives_on_is_killed_and_started_again()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The sample finds its connection in /proc.");
        await using var host = await _app.StartAsync();
        var first = host.WorkerProcessId!.Value;

        using var cut = await PostAsync(host, "api/disconnect");
        using var next = await PostAsync(host, "api/respond/200");

        Assert.Equal((HttpStatusCode.InternalServerError, HttpStatusCode.OK), (cut.StatusCode, next.StatusCode));
        Assert.Equal(first, Assert.Single(_app.Events.All<WorkerRestarted>()).ProcessId);
        Assert.False(Processes.IsRunning(first));
    }

    [Fact]
    public async Task Function_that_exceeds_the_timeout_receives_500_and_the_worker_is_restarted()
    {
        await using var host = await _app.With("AzureFunctionsJobHost__functionTimeout", "00:00:02").StartAsync();
        var first = host.WorkerProcessId!.Value;

        using var response = await PostAsync(host, "api/hold");
        await _app.Events.AtLeastAsync<WorkerReady>(2);

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.Equal(first, Assert.Single(_app.Events.All<WorkerRestarted>()).ProcessId);
    }

    private Task<HttpResponseMessage> PostAsync(LocalFunctionsHost host, string target) =>
        _http.PostAsync(new Uri(host.BaseAddress, target), new StringContent(""), Cancellation);
}
