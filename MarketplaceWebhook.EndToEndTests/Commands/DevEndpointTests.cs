using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using MarketplaceWebhook.EndToEndTests.LocalHost.Fakes;
using MarketplaceWebhook.EndToEndTests.Support;
using MarketplaceWebhook.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace MarketplaceWebhook.EndToEndTests.Commands;

/// <summary>How `dev` and the commands that post to it find each other, and what they reject.</summary>
public sealed class DevEndpointTests(AzuriteFixture azurite)
{
    [Fact]
    public async Task Second_dev_with_the_same_storage_fails_with_one_line_and_the_first_one_is_still_found()
    {
        using var app = OrdersApp();
        var storage = azurite.NewAccount();
        using var first = await CliProcess.StartDevAsync(storage, "--app", app.Folder);

        using var second = await CliProcess.RunAsync(storage, first.SameFolder, ["dev", "--port", "0", "--app", app.Folder]);
        using var sent = await CliProcess.RunAsync(null, first.SameFolder, ["send", "stopped"]);

        Assert.Equal((1, ""), (second.ExitCode, second.Output));
        Assert.Equal(
            $"dev is already running with this storage (process {first.ProcessId}, {first.Url.GetLeftPart(UriPartial.Authority)}), and two "
            + "of them would share its notifications: end it, or set AzureWebJobsStorage to another storage.",
            second.Error.TrimEnd());
        Assert.Equal((0, ""), (sent.ExitCode, sent.Error));
    }

    [Fact]
    public async Task Two_dev_with_different_storage_run_and_send_without_a_url_lists_both()
    {
        using var app = OrdersApp();
        using var first = await CliProcess.StartDevAsync(azurite.NewAccount(), "--app", app.Folder);
        using var second = await CliProcess.StartDevAsync(
            azurite.NewAccount(), first.SameFolder, "--app", app.Folder, "--key", "secret");

        using var sent = await CliProcess.RunAsync(null, first.SameFolder, ["send", "stopped"]);

        Assert.Equal((1, ""), (sent.ExitCode, sent.Output));
        Assert.StartsWith("More than one dev is running (http://127.0.0.1:", sent.Error, StringComparison.Ordinal);
        Assert.All(
            (CliProcess[])[first, second],
            dev => Assert.Contains($":{dev.Url.Port}", sent.Error, StringComparison.Ordinal));
        Assert.DoesNotContain("secret", sent.Error, StringComparison.Ordinal);
    }

    /// <summary>0.0.0.0 reaches this machine on Linux and macOS, and is not a loopback address.</summary>
    [Fact]
    public async Task Storage_that_is_not_on_this_machine_is_used_only_on_request_and_shown()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows does not connect to 0.0.0.0.");
        using var app = OrdersApp();
        var storage = azurite.NewAccount().Replace("127.0.0.1", "0.0.0.0", StringComparison.Ordinal);

        using var rejected = await CliProcess.RunAsync(storage, "dev", "--port", "0", "--app", app.Folder);
        using var dev = await CliProcess.StartDevAsync(storage, "--app", app.Folder, "--use-remote-storage");
        await Wait.ForAsync(
            "the warning", () => dev.Output.Contains("not on this machine", StringComparison.Ordinal), Cancellation);

        Assert.Equal((1, ""), (rejected.ExitCode, rejected.Output));
        Assert.Matches("^AzureWebJobsStorage is the storage account test[0-9]+ \\(0.0.0.0:[0-9]+\\), not one", rejected.Error);
        Assert.Matches("This dev uses test[0-9]+ \\(0.0.0.0:[0-9]+\\), which is not on this machine.", dev.Output);
        Assert.Matches("Storage +test[0-9]+ \\(0.0.0.0:[0-9]+\\)", dev.Output);
    }

    [Fact]
    public async Task Taken_port_is_found_before_anything_is_started()
    {
        using var app = OrdersApp();
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;

        using var dev = await CliProcess.RunAsync(
            azurite.NewAccount(), [.. (string[])["dev", "--app", app.Folder], "--port", $"{port}"]);

        Assert.Equal((1, ""), (dev.ExitCode, dev.Output));
        Assert.Equal(
            $"Port {port} is taken by another program. Specify a free one with --port, or end that program.", dev.Error.TrimEnd());
    }

    [Fact]
    public async Task Key_and_url_are_read_from_the_environment()
    {
        using var app = OrdersApp();
        using var dev = await CliProcess.StartDevAsync(
            azurite.NewAccount(), new Dictionary<string, string> { ["DEV_KEY"] = "a key&" }, "--app", app.Folder);
        var url = dev.Url;

        using var sent = await CliProcess.RunAsync(
            null, new Dictionary<string, string> { ["WEBHOOK_URL"] = url.AbsoluteUri }, ["send", "stopped"]);

        Assert.Equal("?code=a%20key%26", url.Query);
        Assert.Equal((0, ""), (sent.ExitCode, sent.Error));
    }

    /// <summary>As another user could write it, where earlier versions read it: process 1 always runs.</summary>
    [Fact]
    public async Task File_in_the_data_folder_is_not_used()
    {
        await using var foreign = await Recorder.StartAsync();
        var folder = Directory.CreateTempSubdirectory("data-").FullName;
        await WriteAsync(Path.Combine(folder, "dev.json"), foreign.Url, processId: 1);

        using var sent = await CliProcess.RunAsync(
            null, new Dictionary<string, string> { ["DEV_DATA_FOLDER"] = folder }, ["send", "stopped"]);

        Assert.Equal(1, sent.ExitCode);
        Assert.StartsWith("dev is not running on this machine", sent.Error, StringComparison.Ordinal);
        Assert.Empty(foreign.Paths);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task File_with_a_url_of_another_machine_is_not_used_and_a_line_says_so()
    {
        var folder = Directory.CreateTempSubdirectory("state-").FullName;
        var file = Path.Combine(folder, "any.json");
        await WriteAsync(file, new Uri("https://example.com/api/cyclr/marketplace"), Environment.ProcessId);

        using var sent = await CliProcess.RunAsync(
            null, new Dictionary<string, string> { ["DEV_STATE_FOLDER"] = folder }, ["send", "stopped"]);

        Assert.Equal(1, sent.ExitCode);
        Assert.Equal(
            $"{file} is not used: its URL is not on this machine. Delete the file.", sent.Error.Split('\n')[0].TrimEnd());
        Assert.Contains("dev is not running on this machine", sent.Error, StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData("send", "stopped")]
    [InlineData("probe")]
    public async Task Redirect_is_not_followed(params string[] command)
    {
        await using var server = await Recorder.StartAsync();

        using var cli = await CliProcess.RunAsync(
            null, new Dictionary<string, string> { ["WEBHOOK_URL"] = $"{server.Url}?code=secret" }, command);

        Assert.Equal(1, cli.ExitCode);
        Assert.Contains("redirects are not followed", $"{cli.Output}{cli.Error}", StringComparison.Ordinal);
        Assert.Equal(["/moved"], server.Paths);
    }

    private static async Task WriteAsync(string path, Uri url, int processId) => await File.WriteAllTextAsync(
        path, JsonSerializer.Serialize(new { Url = url, Key = "k", ProcessId = processId }), Cancellation);

    private static FakeApp OrdersApp() =>
        new FakeApp().WithHttp("Orders", "orders/{source?}").Respond(202, """{"notificationId":"7"}""");

    /// <summary>Redirects a POST to its path /elsewhere, and records the path of every request.</summary>
    private sealed class Recorder(WebApplication web, List<string> paths) : IAsyncDisposable
    {
        public Uri Url => new($"{web.Urls.Single()}/moved");

        public IReadOnlyList<string> Paths => paths;

        public static async Task<Recorder> StartAsync()
        {
            var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
            ((IWebHostBuilder)builder.WebHost).UseKestrelCore()
                .ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
            var web = builder.Build();
            var paths = new List<string>();
            web.Run(context =>
            {
                paths.Add(context.Request.Path);
                context.Response.StatusCode = StatusCodes.Status307TemporaryRedirect;
                context.Response.Headers.Location = "/elsewhere";
                return Task.CompletedTask;
            });
            await web.StartAsync(Cancellation);
            return new Recorder(web, paths);
        }

        public ValueTask DisposeAsync() => web.DisposeAsync();
    }
}
