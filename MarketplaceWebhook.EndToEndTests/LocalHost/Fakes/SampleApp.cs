using System.Text.Json.Nodes;
using MarketplaceWebhook.LocalHost;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.EndToEndTests.LocalHost.Fakes;

/// <summary>
/// The isolated worker in SampleWorker/, with a folder of its own for the files that its functions write and wait for.
/// </summary>
internal sealed class SampleApp : IDisposable
{
    public const string Key = "a key/+";

    private readonly Dictionary<string, string?> _settings;

    public SampleApp() => _settings = new()
    {
        ["SAMPLE_FOLDER"] = Folder,
        ["SAMPLE_QUEUE"] = "orders",
    };

    /// <summary>The build output of the sample worker.</summary>
    public static string Directory { get; } = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "SampleWorker"));

    public string Folder { get; } = System.IO.Directory.CreateTempSubdirectory("sample-app-").FullName;

    public SeenEvents Events { get; } = new();

    public SampleApp With(string setting, string? value)
    {
        _settings[setting] = value;
        return this;
    }

    /// <summary>Without queues.</summary>
    public Task<LocalFunctionsHost> StartAsync() =>
        With("AzureWebJobs.ProcessMessage.Disabled", "true").StartAsync("UseDevelopmentStorage=true");

    public Task<LocalFunctionsHost> StartAsync(
        string storage, Func<LocalFunctionsHostOptions, LocalFunctionsHostOptions>? change = null)
    {
        var options = new LocalFunctionsHostOptions
        {
            AppDirectory = Directory,
            StorageConnection = storage,
            Key = Key,
            Environment = _settings,
            Observe = Events.Add,
        };
        return LocalFunctionsHost.StartAsync(change?.Invoke(options) ?? options, Cancellation);
    }

    public void Release() => File.WriteAllText(PathOf("release"), "");

    public bool Has(string fileName) => File.Exists(PathOf(fileName));

    /// <summary>The content of a file, once a function has written it.</summary>
    public async Task<string> ReadAsync(string fileName)
    {
        await Wait.ForAsync(fileName, () => Has(fileName), Cancellation);
        return await File.ReadAllTextAsync(PathOf(fileName), Cancellation);
    }

    public async Task<JsonNode> ReadJsonAsync(string fileName) => JsonNode.Parse(await ReadAsync(fileName))!;

    public void Dispose() => System.IO.Directory.Delete(Folder, recursive: true);

    private string PathOf(string name) => Path.Combine(Folder, name);
}
