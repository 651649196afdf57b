using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using MarketplaceWebhook.EndToEndTests.Support;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.EndToEndTests.CustomHandler;

/// <summary>The custom handler of this build as a process, without a host in front of it, with a storage of its own.</summary>
public sealed class HandlerProcess : IAsyncLifetime
{
    private const string Name = "MarketplaceWebhook.CustomHandler";

    private readonly ConcurrentQueue<string> _lines = new();
    private readonly Process _process;

    public HandlerProcess(AzuriteFixture azurite)
    {
        var storage = azurite.NewAccount();
        Storage = new StorageClients(StorageSettings.FromConnectionString(storage));
        var port = Ports.FindFree();
        Caller = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        // …/MarketplaceWebhook.EndToEndTests/bin/Debug/net10.0/
        var output = Path.GetRelativePath(Repository.PathOf("MarketplaceWebhook.EndToEndTests"), AppContext.BaseDirectory);
        _process = new Process
        {
            StartInfo = new ProcessStartInfo("dotnet", [Path.Combine(Repository.PathOf(Name), output, $"{Name}.dll")])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                Environment =
                {
                    [StorageSettings.Name] = storage,
                    ["FUNCTIONS_CUSTOMHANDLER_PORT"] = port.ToString(CultureInfo.InvariantCulture),
                },
            },
        };
        _process.OutputDataReceived += Add;
        _process.ErrorDataReceived += Add;
    }

    public HttpClient Caller { get; }

    public StorageClients Storage { get; }

    /// <summary>Lines of its log at the level Error.</summary>
    public IEnumerable<string> Errors => _lines.Where(line => line.StartsWith("fail: ", StringComparison.Ordinal));

    public async ValueTask InitializeAsync()
    {
        await Storage.CreateMissingAsync(Cancellation);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        await Wait.ForAsync(
            "the handler", IsListeningAsync, isListening => isListening, Cancellation,
            details: () => string.Join('\n', _lines));
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        Caller.Dispose();
    }

    private async Task<bool> IsListeningAsync()
    {
        Assert.False(_process.HasExited, string.Join('\n', _lines));
        try
        {
            using var response = await Caller.GetAsync("/", Cancellation);
            return true;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private void Add(object sender, DataReceivedEventArgs received)
    {
        if (received.Data is { } line)
        {
            _lines.Enqueue(line);
        }
    }
}
