using System.Net.Http.Headers;
using Azure.Data.Tables;
using MarketplaceWebhook.Cli.LocalHost;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Receiving;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.Tests.EndToEnd;

/// <summary>
/// The whole application as its own process behind a Functions host: the local one, on an account of its own; or any other,
/// where JOURNEY_BASE_URL, JOURNEY_KEY and JOURNEY_STORAGE name one. JOURNEY_APP names another app folder for the local one.
/// </summary>
internal sealed class EndToEndHost : IAsyncDisposable
{
    private const string LocalKey = "a+key/that=needs encoding";

    private static readonly string? BaseUrl = Environment.GetEnvironmentVariable("JOURNEY_BASE_URL");

    private readonly HttpClient caller = new();
    private readonly LocalFunctionsHost? local;
    private readonly string key;

    private EndToEndHost(LocalFunctionsHost? local, Uri address, string key, string storage)
    {
        this.local = local;
        this.key = key;
        caller.BaseAddress = address;
        Storage = new StorageClients(StorageSettings.FromConnectionString(storage));
    }

    /// <summary>Journeys that kill the handler, or need settings of their own, run behind the local host only.</summary>
    public static bool IsLocal => BaseUrl is null;

    public static string AppDirectory => Environment.GetEnvironmentVariable("JOURNEY_APP") ?? Path.Combine(AppContext.BaseDirectory, "app");

    public StorageClients Storage { get; }

    public LocalFunctionsHost Local => local ?? throw new InvalidOperationException("This journey runs behind the local host only.");

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public static Task<EndToEndHost> StartAsync(AzuriteFixture azurite) =>
        IsLocal ? StartLocalAsync(azurite.NewAccount()) : Task.FromResult(new EndToEndHost(
            local: null, new Uri($"{BaseUrl!.TrimEnd('/')}/"), Setting("JOURNEY_KEY"), Setting("JOURNEY_STORAGE")));

    /// <param name="storage">What the application gets.</param>
    /// <param name="realStorage">What the test looks into, where that is another way to the same account.</param>
    /// <param name="settings">Named as in the environment.</param>
    public static async Task<EndToEndHost> StartLocalAsync(
        string storage, string? realStorage = null, IReadOnlyDictionary<string, string?>? settings = null)
    {
        var local = await LocalFunctionsHost.StartAsync(
            new LocalFunctionsHostOptions
            {
                AppDirectory = AppDirectory,
                Key = LocalKey,
                StorageConnection = storage,
                // A failed message comes back at once: five failures are not to take a minute.
                Environment = new Dictionary<string, string?>(settings ?? new Dictionary<string, string?>())
                {
                    ["AzureFunctionsJobHost__extensions__queues__visibilityTimeout"] = "00:00:00",
                    ["AzureFunctionsJobHost__extensions__queues__maxPollingInterval"] = "00:00:00.2",
                },
            },
            Cancelled);
        return new EndToEndHost(local, local.BaseAddress, LocalKey, realStorage ?? storage);
    }

    /// <param name="path">After the door's own path.</param>
    /// <param name="withKey">In the header; else the path has it, or nothing has.</param>
    public Task<HttpResponseMessage> PostAsync(byte[] body, string path = "", bool withKey = true, bool chunked = false)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, $"api/cyclr/marketplace{path}") { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.TransferEncodingChunked = chunked;
        if (withKey)
        {
            request.Headers.Add("x-functions-key", key);
        }

        return caller.SendAsync(request, Cancelled);
    }

    public string KeyInQuery => $"?code={Uri.EscapeDataString(key)}";

    public Task<HttpResponseMessage> GetAsync(string path) => caller.GetAsync(path, Cancelled);

    /// <summary>The id that the answer, of any status, names.</summary>
    public static async Task<NotificationId> IdOfAsync(HttpResponseMessage answer) =>
        NotificationId.TryParse((await answer.JsonAsync(Cancelled)).Text("notificationId"), out var id)
            ? id
            : throw new FormatException("The answer's notificationId is none.");

    /// <summary>The row of the log, as soon as it stands.</summary>
    public Task<TableEntity> LoggedAsync(Guid account, NotificationId id) =>
        RowAsync(Storage.StatusChanges, TableKeys.Account(account), TableKeys.NewestFirst(id));

    public Task<TableEntity> DeadAsync(string kind, NotificationId id) => RowAsync(Storage.DeadLetters, kind, TableKeys.NewestFirst(id));

    /// <summary>The rows of an account in Installs, as soon as they are as wanted.</summary>
    public Task<List<TableEntity>> InstallsAsync(Guid account, string what, Func<List<TableEntity>, bool> isWanted) => Wait.ForAsync(
        what,
        async () => (await Rows.ListAsync(Storage.Installs, Cancelled)).Where(row => row.PartitionKey == TableKeys.Account(account)).ToList(),
        isWanted,
        Cancelled);

    public async ValueTask DisposeAsync()
    {
        caller.Dispose();
        if (local is not null)
        {
            await local.DisposeAsync();
        }
    }

    private static async Task<TableEntity> RowAsync(TableClient table, string partitionKey, string rowKey) => (await Wait.ForAsync(
        $"the row {partitionKey} {rowKey} of {table.Name}",
        async () => await table.GetEntityIfExistsAsync<TableEntity>(partitionKey, rowKey, cancellationToken: Cancelled),
        row => row.HasValue,
        Cancelled)).Value!;

    private static string Setting(string name) =>
        Environment.GetEnvironmentVariable(name) ?? throw new InvalidOperationException($"JOURNEY_BASE_URL is set: set {name} too.");
}
