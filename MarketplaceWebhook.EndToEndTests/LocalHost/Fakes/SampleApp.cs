using System.Text.Json.Nodes;
using MarketplaceWebhook.LocalHost;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.EndToEndTests.LocalHost.Fakes;

/// <summary>
/// The isolated worker in SampleWorker/, with a folder of its own for the files that its functions write and wait for.
/// </summary>
public sealed class SampleApp : LocalApp
{
    private readonly Dictionary<string, string?> _settings = new() { ["SAMPLE_QUEUE"] = "orders" };

    public SampleApp()
        : base("sample-app-") => With("SAMPLE_FOLDER", Folder);

    /// <summary>The build output of the sample worker.</summary>
    public static string Directory { get; } = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "SampleWorker"));

    protected override string AppDirectory => Directory;

    protected override IReadOnlyDictionary<string, string?> Settings => _settings;

    public SampleApp With(string setting, string? value)
    {
        _settings[setting] = value;
        return this;
    }

    public override Task<LocalFunctionsHost> StartAsync()
    {
        With("AzureWebJobs.ProcessMessage.Disabled", "true");
        return base.StartAsync();
    }

    /// <summary>The content of a file, once a function has written it.</summary>
    public async Task<string> ReadAsync(string fileName)
    {
        await Wait.ForAsync(fileName, () => Has(fileName), Cancellation);
        return await File.ReadAllTextAsync(PathOf(fileName), Cancellation);
    }

    public async Task<JsonNode> ReadJsonAsync(string fileName) => JsonNode.Parse(await ReadAsync(fileName))!;
}
