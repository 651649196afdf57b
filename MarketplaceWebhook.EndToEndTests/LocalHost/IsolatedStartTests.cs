using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using MarketplaceWebhook.EndToEndTests.LocalHost.Fakes;
using MarketplaceWebhook.EndToEndTests.Support;
using MarketplaceWebhook.LocalHost;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.EndToEndTests.LocalHost;

/// <summary>Start of a real isolated worker, and what prevents it.</summary>
public sealed class IsolatedStartTests(AzuriteFixture azurite) : IDisposable
{
    private readonly SampleApp _app = new();
    private readonly HttpClient _http = new();

    public void Dispose()
    {
        _http.Dispose();
        _app.Dispose();
    }

    [Fact]
    public async Task Worker_starts_in_the_app_folder_with_the_hosts_arguments_and_settings()
    {
        await using var host = await _app.With("A_SETTING", "a value").StartAsync();

        var process = JsonNode.Parse(await _http.GetStringAsync(new Uri(host.BaseAddress, "api/process"), Cancellation))!;
        var arguments = process["arguments"]!.AsArray().Select(argument => (string)argument!).ToList();
        Assert.Equal(host.WorkerProcessId, (int?)process["id"]);
        Assert.Equal(SampleApp.Directory.TrimEnd('/'), (string?)process["directory"]);
        Assert.Equal(SampleApp.Directory, (string?)process["applicationDirectory"]);
        Assert.Equal("a value", (string?)process["setting"]);
        Assert.Equal(Path.Combine(SampleApp.Directory, "SampleWorker.dll"), arguments[0]);
        Assert.Equal(
            $"http://127.0.0.1:{_app.Events.All<WorkerStarted>()[0].Port}/", arguments[arguments.IndexOf("--functions-uri") + 1]);
    }

    [Fact]
    public async Task App_with_http_functions_and_without_a_server_fails_with_one_line()
    {
        var error = await Assert.ThrowsAsync<LocalHostException>(() => _app.With("SAMPLE_START", "without-server").StartAsync());

        Assert.StartsWith("The app has no HTTP server: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Functions_are_those_that_the_worker_indexes()
    {
        await using var host = await _app.StartAsync();

        var echo = host.HttpFunctions.Single(function => function.Name == "Echo");
        Assert.Equal("echo/{name?}", echo.Route);
        Assert.Equal(["post", "put"], echo.Methods);
        Assert.Equal(new Uri(host.BaseAddress, "api/echo"), host.UrlOf(echo));
    }

    [Fact]
    public async Task Port_opens_only_when_the_functions_are_ready()
    {
        var port = Ports.FindFree();
        SocketError? beforeReady = null;
        await using var host = await _app.With("AzureWebJobs.ProcessMessage.Disabled", "true").StartAsync(
            "UseDevelopmentStorage=true",
            options => options with
            {
                Port = port,
                Observe = seen => beforeReady ??= seen is WorkerReady ? Connect(port) : null,
            });

        Assert.Equal(SocketError.ConnectionRefused, beforeReady);
        Assert.Equal(SocketError.Success, Connect(port));
    }

    [Fact]
    public async Task Worker_that_exits_before_it_is_ready_fails_the_start_with_one_line()
    {
        var failure = await Assert.ThrowsAsync<LocalHostException>(() => _app.With("SAMPLE_START", "exit").StartAsync());

        Assert.Contains("exit code 3", failure.Message, StringComparison.Ordinal);
        Assert.Contains(new WorkerWrote("The sample exits.", IsError: true), _app.Events.All<WorkerWrote>());
    }

    [Fact]
    public async Task Worker_that_never_connects_is_killed_after_the_time_limit()
    {
        var failure = await Assert.ThrowsAsync<LocalHostException>(() => _app.With("SAMPLE_START", "hang").StartAsync(
            azurite.NewAccount(), options => options with { ReadyTimeout = TimeSpan.FromSeconds(1) }));

        Assert.Contains("was not ready within 1 s", failure.Message, StringComparison.Ordinal);
        Assert.False(Processes.IsRunning(_app.Events.All<WorkerStarted>()[0].ProcessId));
    }

    [Theory]
    [InlineData("host.json")]
    [InlineData("worker.config.json")]
    public async Task Missing_file_fails_the_start_with_one_line(string fileName)
    {
        var folder = Directory.CreateTempSubdirectory("incomplete-app-");
        foreach (var name in (string[])["host.json", "worker.config.json"])
        {
            File.Copy(Path.Combine(SampleApp.Directory, name), Path.Combine(folder.FullName, name));
        }

        File.Delete(Path.Combine(folder.FullName, fileName));
        var failure = await Assert.ThrowsAsync<LocalHostException>(
            () => _app.StartAsync(azurite.NewAccount(), options => options with { AppDirectory = folder.FullName }));
        folder.Delete(recursive: true);

        Assert.Contains($"{fileName} is missing", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', failure.Message);
    }

    [Theory]
    [InlineData("host.json", "{")]
    [InlineData("worker.config.json", "{")]
    [InlineData("worker.config.json", "{}")]
    public async Task Invalid_file_fails_the_start_with_one_line(string fileName, string content)
    {
        var folder = Directory.CreateTempSubdirectory("invalid-app-");
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "host.json"), "{}", Cancellation);
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, fileName), content, Cancellation);
        var failure = await Assert.ThrowsAsync<LocalHostException>(
            () => _app.StartAsync(azurite.NewAccount(), options => options with { AppDirectory = folder.FullName }));
        folder.Delete(recursive: true);

        Assert.Contains($"{fileName} cannot be used", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', failure.Message);
    }

    [Fact]
    public async Task Missing_setting_of_a_binding_fails_the_start_with_one_line()
    {
        var failure = await Assert.ThrowsAsync<LocalHostException>(
            () => _app.With("SAMPLE_QUEUE", null).StartAsync(azurite.NewAccount()));

        Assert.Contains("The setting SAMPLE_QUEUE", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Disabled_HTTP_function_receives_404()
    {
        await using var host = await _app
            .With("AzureWebJobs.Echo.Disabled", "true")
            .With("AzureWebJobs_WithoutRoute_Disabled", "1")
            .With("AzureWebJobs__Fail__Disabled", "True")
            .With("AzureWebJobs.Respond.Disabled", "false")
            .StartAsync();

        foreach (var target in (string[])[$"api/echo?code={Uri.EscapeDataString(SampleApp.Key)}", "api/WithoutRoute", "api/fail"])
        {
            using var disabled = await PostAsync(host, target);
            Assert.Equal((target, HttpStatusCode.NotFound), (target, disabled.StatusCode));
        }

        using var enabled = await PostAsync(host, "api/respond/200");
        Assert.Equal(HttpStatusCode.OK, enabled.StatusCode);
    }

    [Fact]
    public async Task Worker_starts_although_a_proxy_is_set_for_every_address()
    {
        using var app = new SampleApp().With("HTTP_PROXY", "http://127.0.0.1:1").With("no_proxy", "example.com");

        await using var host = await app.StartAsync();

        Assert.NotEmpty(host.HttpFunctions);
    }

    private static SocketError Connect(int port)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Connect(IPAddress.Loopback, port);
            return SocketError.Success;
        }
        catch (SocketException exception)
        {
            return exception.SocketErrorCode;
        }
    }

    private Task<HttpResponseMessage> PostAsync(LocalFunctionsHost host, string target) =>
        _http.PostAsync(new Uri(host.BaseAddress, target), new StringContent(""), Cancellation);
}
