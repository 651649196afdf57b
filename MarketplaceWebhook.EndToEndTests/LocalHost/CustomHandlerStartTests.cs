using MarketplaceWebhook.EndToEndTests.LocalHost.Fakes;
using MarketplaceWebhook.EndToEndTests.Support;
using MarketplaceWebhook.LocalHost;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.EndToEndTests.LocalHost;

public sealed class CustomHandlerStartTests : IDisposable
{
    private readonly FakeApp _app = new FakeApp().WithHttp("Orders", "orders");

    public void Dispose() => _app.Dispose();

    [Fact]
    public async Task Handler_starts_in_the_app_folder_with_the_hosts_environment_and_variables()
    {
        await using var host = await _app.StartAsync("UseDevelopmentStorage=true", options => options with
        {
            Environment = new Dictionary<string, string?> { ["A_SETTING"] = "a value" },
        });

        var started = _app.Started();
        var environment = started["environment"]!;
        var port = $"{_app.Events.All<WorkerStarted>()[0].Port}";
        Assert.Equal(new DirectoryInfo(_app.Folder).Name, new DirectoryInfo((string)started["cwd"]!).Name);
        Assert.Equal(port, (string?)environment["FUNCTIONS_CUSTOMHANDLER_PORT"]);
        Assert.Equal(port, (string?)environment["FUNCTIONS_HTTPWORKER_PORT"]);
        Assert.NotEmpty((string)environment["FUNCTIONS_CUSTOMHANDLER_WORKER_ID"]!);
        Assert.Equal((string?)environment["FUNCTIONS_CUSTOMHANDLER_WORKER_ID"], (string?)environment["FUNCTIONS_HTTPWORKER_ID"]);
        Assert.Equal(_app.Folder, (string?)environment["FUNCTIONS_APP_ROOT_PATH"]);
        Assert.Equal("a value", (string?)environment["A_SETTING"]);
        Assert.Equal("UseDevelopmentStorage=true", (string?)environment["AzureWebJobsStorage"]);
        Assert.Equal(Environment.GetEnvironmentVariable("PATH"), (string?)environment["PATH"]);
    }

    [Fact]
    public async Task Handler_that_responds_404_to_GET_root_is_ready()
    {
        await using var host = await _app.StartAsync();

        Assert.Equal(host.WorkerProcessId, (await _app.Events.FirstAsync<WorkerReady>()).ProcessId);
    }

    [Fact]
    public async Task Output_of_the_handler_is_reported()
    {
        await using var host = await _app.StartAsync();

        Assert.Equal("the handler speaks", (await _app.Events.FirstAsync<WorkerWrote>()).Line);
    }

    [Fact]
    public async Task Handler_is_killed_when_the_host_stops()
    {
        var host = await _app.StartAsync();
        var processId = host.WorkerProcessId!.Value;

        await host.DisposeAsync();

        Assert.False(Processes.IsRunning(processId));
        Assert.Empty(_app.Events.All<WorkerExited>());
    }

    [Fact]
    public async Task Handler_does_not_outlive_a_host_that_is_killed()
    {
        using var dev = await CliProcess.StartDevAsync("UseDevelopmentStorage=true", "--app", _app.Folder);
        var handler = (int)_app.Started()["pid"]!;

        await Processes.KillAsync(dev.ProcessId);

        await Wait.ForAsync("the end of the handler", () => !Processes.IsRunning(handler), Cancellation);
    }

    [Fact]
    public async Task Handler_that_exits_before_it_is_ready_fails_the_start_with_one_line()
    {
        _app.Mark("exit-at-start");

        var failure = await Assert.ThrowsAsync<LocalHostException>(() => _app.StartAsync());

        Assert.Contains("exit code 3", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Missing_executable_fails_the_start_with_one_line()
    {
        _app.With(
            host => host["customHandler"]!["description"]!["defaultExecutablePath"] = "not-built");

        var failure = await Assert.ThrowsAsync<LocalHostException>(() => _app.StartAsync());

        Assert.Contains("not-built", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Port_in_use_fails_the_start_with_one_line()
    {
        await using var first = await _app.StartAsync();
        using var other = new FakeApp();
        other.WithHttp("Orders", "orders");

        var failure = await Assert.ThrowsAsync<LocalHostException>(
            () => other.StartAsync("UseDevelopmentStorage=true", options => options with { Port = first.BaseAddress.Port }));

        Assert.Contains($"Port {first.BaseAddress.Port} is taken", failure.Message, StringComparison.Ordinal);
    }
}
