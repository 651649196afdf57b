using System.Diagnostics;
using MarketplaceWebhook.EndToEndTests.Support;
using MarketplaceWebhook.LocalHost.App;
using MarketplaceWebhook.Tests.Support;
using Microsoft.Extensions.Configuration;

namespace MarketplaceWebhook.EndToEndTests.Application;

/// <summary>
/// `dev` runs the app, and an app that cannot run writes one line with the reason, and exits with a code other than 0.
/// </summary>
public sealed class StartTests(AzuriteFixture azurite)
{
    private const string Storage = "AzureWebJobsStorage";

    /// <summary>Of a custom handler; isolated workers do not read it.</summary>
    private const string Port = "FUNCTIONS_CUSTOMHANDLER_PORT";

    [Fact]
    public async Task Send_and_probe_without_a_url_reach_the_app_that_dev_runs()
    {
        Assert.SkipUnless(EndToEndHost.IsLocal, "It starts the application.");
        var storage = azurite.NewAccount();
        using var dev = await CliProcess.StartDevAsync(storage, "--app", EndToEndHost.AppDirectory);

        using var sent = await CliProcess.RunAsync(storage, dev.SameFolder, ["send", "installed"]);
        using var probe = await CliProcess.RunAsync(storage, dev.SameFolder, ["probe"]);

        Assert.Equal(("", 0), (sent.Error, sent.ExitCode));
        Assert.Equal(("", 0), (probe.Error, probe.ExitCode));
        Assert.All(
            (string[])["dbug", "Microsoft.Hosting.Lifetime", "XML encryptor", "NotFound", "MoveFallback"],
            noise => Assert.DoesNotContain(noise, dev.Output, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("70000")]
    [InlineData("s3cret")]
    public async Task App_started_without_a_host_names_dev_and_func_start(string? port)
    {
        var line = await OneLineAsync(new() { [Port] = port, [Storage] = "UseDevelopmentStorage=true" });

        Assert.Contains("MarketplaceWebhook.Cli -- dev", line, StringComparison.Ordinal);
        Assert.Contains("func start", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task App_without_storage_names_the_setting() =>
        Assert.Contains("AzureWebJobsStorage is not set", await OneLineAsync(new() { [Port] = "1" }), StringComparison.Ordinal);

    [Theory]
    [InlineData(Storage, "s3cret")]
    [InlineData("AzureWebJobsStorage__accountName", "S3cret!")]
    [InlineData("AzureWebJobsStorage__queueServiceUri", "http://example.com")]
    [InlineData("TimeLimits__Receiving", "s3cret")]
    [InlineData("ChangeFeed", "Not_a_queue")]
    [InlineData("ChangeFeed", "marketplace-notifications")]
    public async Task Malformed_setting_is_named_without_its_value(string setting, string value)
    {
        var settings = new Dictionary<string, string?> { [Port] = "1" };
        if (!setting.StartsWith(Storage, StringComparison.Ordinal))
        {
            settings[Storage] = "UseDevelopmentStorage=true";
        }

        settings[setting] = value;

        var line = await OneLineAsync(settings);

        Assert.Contains(setting, line, StringComparison.Ordinal);
        Assert.DoesNotContain(value, line, StringComparison.Ordinal);
    }

    /// <returns>The only line of its output, from the error stream.</returns>
    private static async Task<string> OneLineAsync(Dictionary<string, string?> settings)
    {
        Assert.SkipUnless(EndToEndHost.IsLocal, "It starts the executable itself.");
        var command = FunctionApp.Read(EndToEndHost.AppDirectory, new ConfigurationBuilder().Build()).Command;
        var inApp = Path.Combine(EndToEndHost.AppDirectory, command.ExecutablePath);
        var start = new ProcessStartInfo(File.Exists(inApp) ? inApp : command.ExecutablePath, command.Arguments)
        {
            WorkingDirectory = EndToEndHost.AppDirectory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var name in start.Environment.Keys.Where(
            name => name.StartsWith(Storage, StringComparison.OrdinalIgnoreCase)).ToList())
        {
            start.Environment.Remove(name);
        }

        foreach (var (name, value) in settings)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(Cancellation);
        var error = await process.StandardError.ReadToEndAsync(Cancellation);
        await process.WaitForExitAsync(Cancellation);

        Assert.NotEqual(0, process.ExitCode);
        Assert.Equal("", await output);
        return Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }
}
