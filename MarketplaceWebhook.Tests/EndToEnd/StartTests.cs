using System.Diagnostics;
using System.Text.Json;

namespace MarketplaceWebhook.Tests.EndToEnd;

/// <summary>What the executable says when it cannot run: one line for the person who started it, and an exit code that is not 0.</summary>
public sealed class StartTests
{
    private const string Storage = "AzureWebJobsStorage";
    private const string Port = "FUNCTIONS_CUSTOMHANDLER_PORT";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("70000")]
    [InlineData("s3cret")]
    public async Task Started_by_hand_it_names_dev_and_func_start(string? port)
    {
        var line = await OneLineAsync(new() { [Port] = port, [Storage] = "UseDevelopmentStorage=true" });

        Assert.Contains("MarketplaceWebhook.Cli -- dev", line, StringComparison.Ordinal);
        Assert.Contains("func start", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_storage_it_names_the_setting() =>
        Assert.Contains("AzureWebJobsStorage is not set", await OneLineAsync(new() { [Port] = "1" }), StringComparison.Ordinal);

    [Theory]
    [InlineData(Storage, "s3cret")]
    [InlineData("AzureWebJobsStorage__accountName", "S3cret!")]
    [InlineData("AzureWebJobsStorage__queueServiceUri", "http://example.com")]
    [InlineData("Patience__Receiving", "s3cret")]
    public async Task A_malformed_setting_is_named_and_its_value_is_not(string setting, string value)
    {
        var settings = new Dictionary<string, string?> { [Port] = "1" };
        if (setting.StartsWith("Patience", StringComparison.Ordinal))
        {
            settings[Storage] = "UseDevelopmentStorage=true";
        }

        settings[setting] = value;

        var line = await OneLineAsync(settings);

        Assert.Contains(setting, line, StringComparison.Ordinal);
        Assert.DoesNotContain(value, line, StringComparison.Ordinal);
    }

    /// <summary>All that it says, which is one line, on the error stream.</summary>
    private static async Task<string> OneLineAsync(Dictionary<string, string?> settings)
    {
        Assert.SkipUnless(EndToEndHost.IsLocal, "It starts the executable itself.");
        using var host = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(EndToEndHost.AppDirectory, "host.json"), Cancelled));
        var executable = host.RootElement.GetProperty("customHandler").GetProperty("description").GetProperty("defaultExecutablePath").GetString()!;
        var start = new ProcessStartInfo(Path.Combine(EndToEndHost.AppDirectory, executable))
        {
            WorkingDirectory = EndToEndHost.AppDirectory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith(Storage, StringComparison.OrdinalIgnoreCase)).ToList())
        {
            start.Environment.Remove(name);
        }

        foreach (var (name, value) in settings)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(Cancelled);
        var error = await process.StandardError.ReadToEndAsync(Cancelled);
        await process.WaitForExitAsync(Cancelled);

        Assert.NotEqual(0, process.ExitCode);
        Assert.Equal("", await output);
        return Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }
}
