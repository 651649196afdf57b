using System.Diagnostics;
using MarketplaceWebhook.LocalHost.Storage;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.EndToEndTests.Documents;

/// <summary>The TypeScript in docs/reading.md, which is that of samples/reading.</summary>
public sealed class TypeScriptTests(AzuriteFixture azurite)
{
    private const string Awkward = "a/b\\c#d?e%f~g 'ü'";

    private static readonly Guid One = new("aaaaaaaa-0000-0000-0000-000000000001");
    private static readonly Guid Two = new("bbbbbbbb-0000-0000-0000-000000000002");
    private static readonly string Long = new('日', 200);

    [Fact]
    public async Task Customer_is_read_in_TypeScript_by_either_id()
    {
        await using var services = await FillAsync();
        var folder = Repository.PathOf("samples/reading");
        await RunAsync(folder, NodePrograms.Npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error");
        await RunAsync(folder, NodePrograms.Npm(), "run", "build", "--silent");

        Assert.Equal($"account {One}, package 1: installed\n", await ReadAsync(Awkward));
        Assert.Equal($"account {One}, package 2: stopped\n", await ReadAsync(Long));
        Assert.Equal($"account {Two}, package 1: installed\n", await ReadAsync("moved"));
        Assert.Equal(
            $"account {One}, package 1: installed\naccount {One}, package 2: stopped\n",
            await ReadAsync(One.ToString().ToUpperInvariant()));
        Assert.Equal("", await ReadAsync("unknown"));

        Task<string> ReadAsync(string id) =>
            RunAsync(folder, NodePrograms.Node(), Path.Combine(folder, "bin", "main.js"), services.ConnectionString, id);
    }

    private async Task<MaintenanceServices> FillAsync()
    {
        var services = await MaintenanceServices.StartAsync(azurite);
        await services.ProjectAsync(Ids.Minute(1), NotificationBody.Of("installed", One, 1, "moved", cycles: [Two]));
        await services.ProjectAsync(Ids.Minute(2), NotificationBody.Of("installed", One, 1, Awkward));
        await services.ProjectAsync(Ids.Minute(3), NotificationBody.Of("stopped", One, 2, Long));
        await services.ProjectAsync(Ids.Minute(4), NotificationBody.Of("installed", Two, 1, "moved"));
        return services;
    }

    private static async Task<string> RunAsync(string folder, string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = process.StandardOutput.ReadToEndAsync(Cancellation);
        var error = await process.StandardError.ReadToEndAsync(Cancellation);
        await process.WaitForExitAsync(Cancellation);
        Assert.True(process.ExitCode == 0, $"{program}: {error}{await output}");
        return await output;
    }
}
