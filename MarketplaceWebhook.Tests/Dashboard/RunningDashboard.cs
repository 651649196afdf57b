using System.Text;
using System.Text.Json.Nodes;
using MarketplaceWebhook.Cli.Dashboard;
using MarketplaceWebhook.Cli.LocalHost;
using MarketplaceWebhook.Cli.LocalHost.Storage;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace MarketplaceWebhook.Tests.Dashboard;

/// <summary>The application behind the local host, with the page, as `dev` composes them, on a storage of its own.</summary>
public sealed class RunningDashboard(AzuriteFixture azurite, Chromium chromium) : IAsyncLifetime
{
    public const string Key = "a key/with?signs";

    private readonly HttpClient _http = new();
    private LocalDashboard? _page;
    private LocalFunctionsHost? _host;

    public StorageSettings Storage { get; private set; } = null!;

    public Uri BaseAddress => _host!.BaseAddress;

    /// <summary>With the token.</summary>
    public Uri Url => _page!.UrlOn(BaseAddress);

    public string Token => Url.Fragment.Split('=')[1];

    public async ValueTask InitializeAsync()
    {
        var connection = azurite.NewAccount();
        var modules = await NpmPackages.EnsureInstalledAsync(_ => { }, TestContext.Current.CancellationToken);
        Storage = StorageSettings.FromConnectionString(connection);
        _page = new LocalDashboard(
            Storage, Key, Task.FromResult<string?>(Path.Combine(modules, "chart.js", "dist", "chart.umd.min.js")));
        _host = await LocalFunctionsHost.StartAsync(
            new LocalFunctionsHostOptions
            {
                AppDirectory = Path.Combine(AppContext.BaseDirectory, "app"),
                Key = Key,
                StorageConnection = connection,
                // All deliveries of a message that fails follow at once.
                Environment = new Dictionary<string, string?> { ["AzureFunctionsJobHost__extensions__queues__visibilityTimeout"] = "00:00:00" },
                Observe = _page.Observe,
                MapOther = _page.Map,
            },
            TestContext.Current.CancellationToken);
        _page.Attach(_host);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        if (_host is not null)
        {
            await _host.DisposeAsync();
        }

        if (_page is not null)
        {
            await _page.DisposeAsync();
        }
    }

    /// <summary>A tab that has the page open.</summary>
    /// <param name="address">Null: the one that `dev` prints.</param>
    public async Task<Tab> OpenAsync(TabOptions? options = null, Uri? address = null) =>
        await Tab.OpenAsync(await chromium.LaunchAsync(TestContext.Current.CancellationToken), address ?? Url, options ?? new TabOptions());

    /// <summary>Posts to the webhook itself, as Cyclr does.</summary>
    public async Task<JsonNode> PostAsync(string body)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await _http.PostAsync(
            new Uri(BaseAddress, $"/api/cyclr/marketplace?code={Uri.EscapeDataString(Key)}"), content, cancellationToken);
        return JsonNode.Parse(await answer.Content.ReadAsStringAsync(cancellationToken))!;
    }

    /// <summary>Puts a message on the queue that no delivery can read.</summary>
    /// <returns>The id under which it becomes a dead letter.</returns>
    public async Task<NotificationId> PutUnreadableMessageAsync()
    {
        var id = NewId();
        await PutAsync($$"""{"v":2,"notificationId":"{{id}}"}""");
        return id;
    }

    /// <summary>Puts a message on the queue whose payload should lie in a blob, and does not.</summary>
    public async Task<NotificationId> PutMessageWithoutItsPayloadAsync()
    {
        var id = NewId();
        await PutAsync(Encoding.UTF8.GetString(Envelope.Write(id, "default", traceParent: null, payload: default).Span));
        return id;
    }

    public Task PutPayloadAsync(NotificationId id, Guid accountId, string payload)
    {
        var clients = new StorageClients(Storage);
        var payloads = new PayloadBlobs(clients, new StorageProvisioner(clients, NullLogger<StorageProvisioner>.Instance));
        return payloads.PutPayloadAsync(id, accountId, Encoding.UTF8.GetBytes(payload), TestContext.Current.CancellationToken);
    }

    private static NotificationId NewId() =>
        NotificationId.Create(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(), counter: 0, (ulong)Random.Shared.NextInt64());

    private Task PutAsync(string messageText) =>
        new StorageClients(Storage).Queue.SendMessageAsync(messageText, TestContext.Current.CancellationToken);
}
