using System.Text.Json;
using MarketplaceWebhook.EndToEndTests.Application;
using MarketplaceWebhook.EndToEndTests.Support;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.EndToEndTests.Commands;

/// <summary>`dev --forward-to`, with an application that is started after it, and without one that has to be.</summary>
public sealed class ForwardToTests(AzuriteFixture azurite)
{
    [Fact]
    public async Task Change_of_a_sent_notification_reaches_the_application_once_it_runs_and_after_a_restart_of_dev()
    {
        int port;
        await using (var first = await PartnerApplication.StartAsync())
        {
            port = first.Url.Port;
        }

        var storage = azurite.NewAccount();
        string output;
        using (var dev = await StartAsync(storage, $"http://127.0.0.1:{port}/changes?key=secret"))
        {
            using var sent = await CliProcess.RunAsync(storage, dev.SameFolder, ["send", "installed", "--api-id", "customer-42"]);
            Assert.Equal(0, sent.ExitCode);
            await Wait.ForAsync(
                "a failed delivery", () => dev.Output.Contains("Your application did not respond", StringComparison.Ordinal),
                Cancellation);
            dev.Terminate();
            await dev.WaitForExitAsync();
            output = dev.Output;
        }

        await using var partner = await PartnerApplication.StartAsync(port);
        using var again = await StartAsync(storage, $"http://127.0.0.1:{port}/changes?key=secret");
        await Wait.ForAsync(
            "the delivery", () => again.Output.Contains("your application", StringComparison.Ordinal), Cancellation);

        Assert.Contains(
            $"ChangeFeed is not set: partner-changes is used.\nIts changes are posted to http://127.0.0.1:{port}/changes.\n",
            output, StringComparison.Ordinal);
        Assert.Single(
            output.Split('\n'), line => line.Contains("Your application did not respond", StringComparison.Ordinal));
        Assert.DoesNotContain("secret", output + again.Output, StringComparison.Ordinal);
        var change = JsonDocument.Parse(Assert.Single(partner.Requests).Body).RootElement;
        Assert.Equal("customer-42", change.GetProperty("data").GetProperty("accountApiId").GetString());
        Assert.Contains(
            $"204      your application      {change.GetProperty("id").GetString()}  installed", again.Output,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Change_feed_of_the_environment_is_forwarded()
    {
        await using var partner = await PartnerApplication.StartAsync();
        using var dev = await StartAsync(
            azurite.NewAccount(), $"{partner.Url}", new Dictionary<string, string> { ["ChangeFeed"] = "my-changes" });

        using var sent = await CliProcess.RunAsync(null, dev.SameFolder, ["send", "stopped"]);

        await Wait.ForAsync("the change", () => partner.Requests.Count == 1, Cancellation);
        Assert.Contains("ChangeFeed is my-changes.\nIts changes are posted to ", dev.Output, StringComparison.Ordinal);
    }

    private static async Task<CliProcess> StartAsync(
        string storage, string url, IReadOnlyDictionary<string, string>? environment = null)
    {
        var dev = CliProcess.Start(
            storage, environment ?? new Dictionary<string, string>(),
            ["dev", "--port", "0", "--app", EndToEndHost.AppDirectory, "--forward-to", url]);
        await Wait.ForAsync(
            "dev", () => dev.HasExited || dev.Output.Contains("are posted to", StringComparison.Ordinal), Cancellation);
        return dev;
    }
}
