using System.Net;
using MarketplaceWebhook.EndToEndTests.LocalHost.Fakes;
using MarketplaceWebhook.EndToEndTests.Support;
using MarketplaceWebhook.LocalHost;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.EndToEndTests.LocalHost;

/// <summary>End of a real isolated worker with its host, and in `dev`.</summary>
public sealed class IsolatedStopTests(AzuriteFixture azurite) : IDisposable
{
    private readonly SampleApp _app = new();
    private readonly HttpClient _http = new();

    public void Dispose()
    {
        _http.Dispose();
        _app.Dispose();
    }

    [Fact]
    public async Task Worker_ends_in_good_order_when_the_host_stops()
    {
        var host = await _app
            .With("AzureFunctionsJobHost__logging__logLevel__Microsoft.Hosting.Lifetime", "Debug")
            .StartAsync();
        var processId = host.WorkerProcessId!.Value;
        using var response = await PostAsync(host, "api/respond/200");

        await host.DisposeAsync();

        Assert.False(Processes.IsRunning(processId));
        Assert.Empty(_app.Events.All<WorkerExited>());
        Assert.Empty(_app.Events.All<WorkerRestarted>());
        Assert.Contains(
            _app.Events.All<WorkerWrote>(), wrote =>
                wrote.Line.Contains("Application is shutting down", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Call_in_flight_may_end_when_the_host_stops()
    {
        var host = await _app.StartAsync();

        var call = PostAsync(host, "api/hold");
        await _app.ReadAsync("began");
        var stopping = host.DisposeAsync();
        _app.Release();
        using var response = await call;
        await stopping;

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Worker_does_not_outlive_a_host_that_is_killed()
    {
        using var dev = CliProcess.Start(
            azurite.NewAccount(), Settings(), ["dev", "--port", "0", "--app", SampleApp.Directory]);
        var worker = await WorkerOfAsync(dev, "App            process ");

        await Processes.KillAsync(dev.ProcessId);

        await Wait.ForAsync("the end of the worker", () => !Processes.IsRunning(worker), Cancellation);
    }

    [Fact]
    public async Task Dev_ends_the_worker_on_SIGTERM()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "A signal for POSIX systems.");
        using var dev = CliProcess.Start(
            azurite.NewAccount(), Settings(), ["dev", "--port", "0", "--app", SampleApp.Directory]);
        var worker = await WorkerOfAsync(dev, "App            process ");

        dev.Terminate();
        await dev.WaitForExitAsync();

        Assert.Equal((0, ""), (dev.ExitCode, dev.Error));
        Assert.False(Processes.IsRunning(worker));
    }

    [Fact]
    public async Task Ctrl_C_that_also_reaches_the_worker_is_not_a_crash()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "A signal for POSIX systems.");
        using var dev = CliProcess.Start(
            azurite.NewAccount(), Settings(), ["dev", "--port", "0", "--app", SampleApp.Directory]);
        var worker = await WorkerOfAsync(dev, "App            process ");

        // A terminal sends it to the whole process group at once.
        using (var interrupt = System.Diagnostics.Process.Start("kill", ["-INT", $"{dev.ProcessId}", $"{worker}"]))
        {
            await interrupt.WaitForExitAsync(Cancellation);
        }

        await dev.WaitForExitAsync();

        Assert.Equal((0, ""), (dev.ExitCode, dev.Error));
        Assert.DoesNotContain("started again", dev.Output, StringComparison.Ordinal);
        Assert.False(Processes.IsRunning(worker));
    }

    [Fact]
    public async Task Dev_waits_for_a_debugger_and_shows_the_process_to_attach_to()
    {
        using var dev = CliProcess.Start(
            azurite.NewAccount(), Settings(), ["dev", "--port", "0", "--app", SampleApp.Directory, "--wait-for-debugger"]);

        var worker = await WorkerOfAsync(dev, "Azure Functions .NET Worker (PID: ");

        Assert.Contains($"The app starts as process {worker}", dev.Output, StringComparison.Ordinal);
        Assert.Contains("Waiting for debugger to attach", dev.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("URL for Cyclr", dev.Output, StringComparison.Ordinal);
    }

    private static Dictionary<string, string> Settings() => new() { ["SAMPLE_QUEUE"] = "orders" };

    private static async Task<int> WorkerOfAsync(CliProcess dev, string before)
    {
        var output = await Wait.ForAsync(
            before, () =>
                Task.FromResult(dev.Output), text => text.Contains(before, StringComparison.Ordinal), Cancellation);
        var after = output[(output.IndexOf(before, StringComparison.Ordinal) + before.Length)..];
        return int.Parse(after.TakeWhile(char.IsAsciiDigit).ToArray());
    }

    private Task<HttpResponseMessage> PostAsync(LocalFunctionsHost host, string target) =>
        _http.PostAsync(new Uri(host.BaseAddress, target), new StringContent(""), Cancellation);
}
