using System.Net;
using System.Net.Sockets;
using MarketplaceWebhook.EndToEndTests.Support;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.EndToEndTests.Commands;

/// <summary>`dashboard` as a process.</summary>
public sealed class DashboardCommandTests(AzuriteFixture azurite)
{
    [Fact]
    public async Task Dashboard_prints_its_address_and_ends_with_0()
    {
        var storage = azurite.NewAccount();
        using var dashboard = CliProcess.Start(storage: null, "dashboard", "--storage", storage, "--fallback-storage", "none");
        await Wait.ForAsync(
            "dashboard", () => dashboard.HasExited || dashboard.Output.Contains("Ctrl+C", StringComparison.Ordinal), Cancellation);
        var url = new Uri(dashboard.Output.Split('\n')[0].Split(' ')[^1]);
        using var http = new HttpClient();

        Assert.Contains("MarketplaceWebhook", await http.GetStringAsync(url, Cancellation), StringComparison.Ordinal);
        Assert.Matches("^#token=[0-9a-f]{48}$", url.Fragment);
        Assert.StartsWith("Storage: test", dashboard.Error, StringComparison.Ordinal);
        Assert.EndsWith(
            "The storage has no table StatusChanges: the application has not run on it.\n", dashboard.Error, StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows())
        {
            dashboard.Terminate();
            await dashboard.WaitForExitAsync();
            Assert.Equal(0, dashboard.ExitCode);
        }
    }

    [Fact]
    public async Task Dashboard_on_a_taken_port_fails_with_one_line()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;

        using var dashboard = await CliProcess.RunAsync(
            azurite.NewAccount(), [.. (string[])["dashboard", "--port"], $"{port}"]);

        Assert.Equal((1, ""), (dashboard.ExitCode, dashboard.Output));
        Assert.EndsWith(
            $"Port {port} is taken by another program. Specify a free one with --port, or end that program.\n", dashboard.Error,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dashboard_of_a_storage_that_cannot_be_reached_fails_with_one_line()
    {
        using var dashboard = await CliProcess.RunAsync(
            storage: null, "dashboard", "--storage",
            "DefaultEndpointsProtocol=http;AccountName=none;AccountKey=c2VjcmV0;TableEndpoint=http://127.0.0.1:1/none;"
                + "QueueEndpoint=http://127.0.0.1:1/none;BlobEndpoint=http://127.0.0.1:1/none");

        Assert.Equal((1, ""), (dashboard.ExitCode, dashboard.Output));
        Assert.Contains("Storage cannot be reached", dashboard.Error, StringComparison.Ordinal);
    }
}
