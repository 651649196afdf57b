using System.Diagnostics;
using Azure.Storage.Queues;
using MarketplaceWebhook.EndToEndTests.Support;
using MarketplaceWebhook.LocalHost.Storage;

namespace MarketplaceWebhook.EndToEndTests.LocalHost;

public sealed class AzuriteTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("azurite-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Acknowledged_writes_survive_an_immediate_stop()
    {
        await using (var first = await StartAsync())
        {
            var queue = QueueOf(first);
            await queue.CreateAsync(cancellationToken: Cancellation);
            await queue.SendMessageAsync("kept", Cancellation);
        }

        await using var second = await StartAsync();

        Assert.Equal("kept", (await QueueOf(second).PeekMessageAsync(Cancellation)).Value.Body.ToString());
    }

    [Fact]
    public async Task Azurite_has_exited_after_disposal()
    {
        var azurite = await StartAsync();
        var processId = azurite.ProcessId;

        await azurite.DisposeAsync();

        Assert.False(Processes.IsRunning(processId));
    }

    [Fact]
    public async Task Ctrl_C_does_not_end_Azurite_directly()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "A signal for POSIX systems.");
        await using var azurite = await StartAsync();

        using (var interrupt = Process.Start("kill", ["-INT", $"{azurite.ProcessId}"]))
        {
            await interrupt.WaitForExitAsync(Cancellation);
        }

        await QueueOf(azurite).CreateAsync(cancellationToken: Cancellation);

        Assert.False(azurite.HasExited);
    }

    [Fact]
    public async Task Ctrl_C_is_ignored_from_the_moment_that_a_handler_is_added()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "A signal for POSIX systems.");
        const string Script =
            "process.once('SIGINT', () => process.exit(1)); process.kill(process.pid, 'SIGINT'); "
            + "setTimeout(() => process.exit(0), 200)";
        var lifeline = Path.Combine(AppContext.BaseDirectory, "azurite", "azurite-lifeline.cjs");
        using var node = Process.Start(new ProcessStartInfo(NodePrograms.Node(), ["--require", lifeline, "-e", Script])
        {
            RedirectStandardInput = true,
        })!;

        await node.WaitForExitAsync(Cancellation);

        Assert.Equal(0, node.ExitCode);
    }

    private Task<Azurite> StartAsync() => Azurite.StartAsync(
        new AzuriteOptions { DataDirectory = _folder, BlobPort = 0, QueuePort = 0, TablePort = 0 }, Cancellation);

    private static QueueClient QueueOf(Azurite azurite) => new(azurite.ConnectionString(AzuriteAccount.WellKnown), "a-queue");
}
