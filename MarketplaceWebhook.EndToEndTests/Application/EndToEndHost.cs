using System.Diagnostics;
using System.Net.Http.Headers;
using Azure.Data.Tables;
using MarketplaceWebhook.LocalHost;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.EndToEndTests.Application;

/// <summary>
/// The application as a process of its own behind a Functions host: the local host, with its own storage account; or any other
/// host, if JOURNEY_BASE_URL, JOURNEY_KEY and JOURNEY_STORAGE are set. JOURNEY_APP is another app folder for the local host.
/// </summary>
internal sealed class EndToEndHost : IAsyncDisposable
{
    public const string UserAgent = "EndToEndTests/1.0";

    public const string LocalKey = "a+key/that=needs encoding";

    private static readonly string? BaseUrl = Environment.GetEnvironmentVariable("JOURNEY_BASE_URL");

    /// <summary>Otherwise five failures take a minute.</summary>
    private static readonly Dictionary<string, string?> Defaults = new()
    {
        ["AzureFunctionsJobHost__extensions__queues__visibilityTimeout"] = "00:00:00",
        ["AzureFunctionsJobHost__extensions__queues__maxPollingInterval"] = "00:00:00.2",
    };

    private readonly HttpClient _caller = new();
    private readonly LocalFunctionsHost? _local;
    private readonly string _key;

    private EndToEndHost(LocalFunctionsHost? local, Uri address, string key, string storage)
    {
        this._local = local;
        this._key = key;
        _caller.BaseAddress = address;
        Storage = new StorageClients(StorageSettings.FromConnectionString(storage));
    }

    /// <summary>Tests that kill the worker, or need settings of their own, run behind the local host only.</summary>
    public static bool IsLocal => BaseUrl is null;

    public static string AppDirectory =>
        Environment.GetEnvironmentVariable("JOURNEY_APP") ?? Path.Combine(AppContext.BaseDirectory, "app");

    public StorageClients Storage { get; }

    public LocalFunctionsHost Local =>
        _local ?? throw new InvalidOperationException("This application runs behind the local host only.");

    public static Task<EndToEndHost> StartAsync(AzuriteFixture azurite) =>
        IsLocal ? StartLocalAsync(azurite.NewAccount()) : Task.FromResult(new EndToEndHost(
            local: null, new Uri($"{BaseUrl!.TrimEnd('/')}/"), Setting("JOURNEY_KEY"), Setting("JOURNEY_STORAGE")));

    /// <param name="storage">The connection string that the application gets.</param>
    /// <param name="realStorage">The one that the test uses, if it differs.</param>
    /// <param name="settings">Environment variables. A failed message becomes visible at once unless they set it.</param>
    public static async Task<EndToEndHost> StartLocalAsync(
        string storage, string? realStorage = null, IReadOnlyDictionary<string, string?>? settings = null,
        Func<LocalFunctionsHostOptions, LocalFunctionsHostOptions>? change = null)
    {
        // A failed test shows what the host and the worker wrote. There is no output for a host that several tests share.
        var output = TestContext.Current.TestOutputHelper;
        var options = new LocalFunctionsHostOptions
        {
            AppDirectory = AppDirectory,
            Key = LocalKey,
            StorageConnection = storage,
            Environment = Defaults.Concat(settings ?? new Dictionary<string, string?>()).GroupBy(setting => setting.Key)
                .ToDictionary(setting => setting.Key, setting => setting.Last().Value),
            Observe = seen => output?.WriteLine($"{seen}"),
        };
        var local = await LocalFunctionsHost.StartAsync(change?.Invoke(options) ?? options, Cancellation);
        return new EndToEndHost(local, local.BaseAddress, LocalKey, realStorage ?? storage);
    }

    /// <param name="path">After the path of the endpoint.</param>
    /// <param name="withKey">Sends the key in the header.</param>
    public Task<HttpResponseMessage> PostAsync(byte[] body, string path = "", bool withKey = true, bool chunked = false)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, $"api/cyclr/marketplace{path}")
        {
            Content = new ByteArrayContent(body),
            Headers = { { "User-Agent", UserAgent } },
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.TransferEncodingChunked = chunked;
        if (withKey)
        {
            request.Headers.Add("x-functions-key", _key);
        }

        return _caller.SendAsync(request, Cancellation);
    }

    public string KeyInQuery => $"?code={Uri.EscapeDataString(_key)}";

    /// <summary>As a crash of the machine: no signal that a process could handle.</summary>
    public void KillWorker()
    {
        try
        {
            using var worker = Process.GetProcessById(Local.WorkerProcessId!.Value);
            worker.Kill();
            worker.WaitForExit();
        }
        catch (ArgumentException)
        {
            // It ended before.
        }
    }

    public Task<HttpResponseMessage> GetAsync(string path) => _caller.GetAsync(path, Cancellation);

    public async Task<HttpResponseMessage> HeadAsync(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Head, path);
        return await _caller.SendAsync(request, Cancellation);
    }

    /// <summary>The id in a response of any status.</summary>
    public static async Task<NotificationId> IdOfAsync(HttpResponseMessage response) =>
        NotificationId.TryParse((await response.JsonAsync(Cancellation)).Text("notificationId"), out var id)
            ? id
            : throw new FormatException("The response's notificationId is none.");

    /// <summary>Waits for the row of the log.</summary>
    public Task<TableEntity> LoggedAsync(Guid account, NotificationId id) =>
        RowAsync(Storage.StatusChanges, TableKeys.Account(account), TableKeys.NewestFirst(id));

    public Task<TableEntity> DeadAsync(string kind, NotificationId id) =>
        RowAsync(Storage.DeadLetters, kind, TableKeys.NewestFirst(id));

    /// <summary>Waits until the rows of an account in Installs are as expected.</summary>
    public Task<List<TableEntity>> InstallsAsync(Guid account, string what, Func<List<TableEntity>, bool> isWanted) =>
        Wait.ForAsync(
        what,
        async () => (await Rows.ListAsync(Storage.Installs, Cancellation))
            .Where(row => row.PartitionKey == TableKeys.Account(account)).ToList(),
        isWanted,
        Cancellation);

    public async ValueTask DisposeAsync()
    {
        _caller.Dispose();
        if (_local is not null)
        {
            await _local.DisposeAsync();
        }
    }

    private static async Task<TableEntity> RowAsync(TableClient table, string partitionKey, string rowKey) =>
        (await Wait.ForAsync(
        $"the row {partitionKey} {rowKey} of {table.Name}",
        async () => await table.GetEntityIfExistsAsync<TableEntity>(partitionKey, rowKey, cancellationToken: Cancellation),
        row => row.HasValue,
        Cancellation)).Value!;

    private static string Setting(string name) =>
        Environment.GetEnvironmentVariable(name)
            ?? throw new InvalidOperationException($"JOURNEY_BASE_URL is set: set {name} too.");
}
