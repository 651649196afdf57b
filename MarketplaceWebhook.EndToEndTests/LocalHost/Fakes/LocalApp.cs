using MarketplaceWebhook.LocalHost;

namespace MarketplaceWebhook.EndToEndTests.LocalHost.Fakes;

/// <summary>A function app for the local host, with a folder of its own.</summary>
public abstract class LocalApp(string folderName) : IDisposable
{
    public const string Key = "a key/+";

    public string Folder { get; } = Directory.CreateTempSubdirectory(folderName).FullName;

    internal SeenEvents Events { get; } = new();

    protected abstract string AppDirectory { get; }

    protected virtual IReadOnlyDictionary<string, string?> Settings => new Dictionary<string, string?>();

    internal Task<LocalFunctionsHost> StartAsync(
        string storage, Func<LocalFunctionsHostOptions, LocalFunctionsHostOptions>? change = null)
    {
        var options = new LocalFunctionsHostOptions
        {
            AppDirectory = AppDirectory,
            StorageConnection = storage,
            Key = Key,
            Environment = Settings,
            Observe = Events.Add,
        };
        return LocalFunctionsHost.StartAsync(change?.Invoke(options) ?? options, Cancellation);
    }

    /// <summary>Without queues.</summary>
    public virtual Task<LocalFunctionsHost> StartAsync() => StartAsync("UseDevelopmentStorage=true");

    public void Release() => Mark("release");

    public void Mark(string fileName) => File.WriteAllText(PathOf(fileName), "");

    public bool Has(string fileName) => File.Exists(PathOf(fileName));

    public void Dispose()
    {
        Directory.Delete(Folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    protected string PathOf(string name) => Path.Combine(Folder, name);
}
