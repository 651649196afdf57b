using System.Text;
using System.Text.Json.Nodes;
using MarketplaceWebhook.Cli.Dashboard;
using MarketplaceWebhook.EndToEndTests.Application;
using MarketplaceWebhook.LocalHost;
using MarketplaceWebhook.LocalHost.Storage;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.EndToEndTests.Dashboard;

/// <summary>The application behind the local host, with the dashboard, as in `dev`, with its own storage account.</summary>
public sealed class RunningDashboard(AzuriteFixture azurite, Chromium chromium) : IAsyncLifetime
{
    public const string Key = EndToEndHost.LocalKey;

    public const string UserAgent = EndToEndHost.UserAgent;

    private LocalDashboard? _dashboard;
    private EndToEndHost? _host;

    /// <summary>Null: the application has no change feed.</summary>
    public string? ChangeFeed { get; init; }

    public StorageSettings Storage { get; private set; } = null!;

    public string Connection { get; private set; } = "";

    public Uri BaseAddress => _host!.Local.BaseAddress;

    /// <summary>The address with the token.</summary>
    public Uri Url => _dashboard!.UrlOn(BaseAddress);

    public string Token => Url.Fragment.Split('=')[1];

    public async ValueTask InitializeAsync()
    {
        // Without one of them the page does not load: every test would time out.
        Assert.All(Cli.Bodies.NotificationBody.Names, name => Cli.Bodies.NotificationBody.Read(name));
        var connection = azurite.NewAccount();
        var modules = await NpmPackages.EnsureInstalledAsync(_ => { }, Cancellation);
        Storage = StorageSettings.FromConnectionString(connection);
        Connection = connection;
        _dashboard = new LocalDashboard(
            new AppSettings { Storage = Storage, ChangeFeed = ChangeFeed },
            Key,
            Task.FromResult<string?>(Path.Combine(modules, "chart.js", "dist", "chart.umd.min.js")));
        _host = await EndToEndHost.StartLocalAsync(
            connection,
            settings: new Dictionary<string, string?> { ["ChangeFeed"] = ChangeFeed },
            change: options => options with { Observe = _dashboard.Observe, MapOther = _dashboard.Map });
        _dashboard.Attach(_host.Local);
    }

    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
        {
            await _host.DisposeAsync();
        }

        if (_dashboard is not null)
        {
            await _dashboard.DisposeAsync();
        }
    }

    public void Observe(HostEvent seen) => _dashboard!.Observe(seen);

    /// <summary>Opens the dashboard in a new tab.</summary>
    /// <param name="address">Null: the address that `dev` prints.</param>
    public async Task<Tab> OpenAsync(TabOptions? options = null, Uri? address = null) =>
        await Tab.OpenAsync(
            await chromium.LaunchAsync(Cancellation), address ?? Url, options ?? new TabOptions());

    /// <summary>Ends the host, as Ctrl+C in `dev` does.</summary>
    public async Task StopAsync()
    {
        await _host!.DisposeAsync();
        _host = null;
    }

    /// <summary>Posts to the webhook, as Cyclr does.</summary>
    public async Task<JsonNode> PostAsync(string body)
    {
        using var response = await _host!.PostAsync(Encoding.UTF8.GetBytes(body));
        return JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancellation))!;
    }

    /// <summary>Puts a message on the queue that is not a valid envelope.</summary>
    /// <returns>The id of the resulting dead letter.</returns>
    public async Task<NotificationId> PutUnreadableMessageAsync()
    {
        var id = NewId();
        await PutAsync($$"""{"v":2,"notificationId":"{{id}}"}""");
        return id;
    }

    /// <summary>Puts a message on the queue that refers to a payload blob which does not exist.</summary>
    public async Task<NotificationId> PutMessageWithMissingPayloadAsync()
    {
        var id = NewId();
        await PutAsync(Encoding.UTF8.GetString(Envelope.Write(id, "default", traceParent: null, payload: default).Span));
        return id;
    }

    public Task PutPayloadAsync(NotificationId id, Guid accountId, string payload)
    {
        var clients = new StorageClients(Storage);
        var payloads = new PayloadBlobs(clients);
        return payloads.PutPayloadAsync(id, accountId, Encoding.UTF8.GetBytes(payload), Cancellation);
    }

    private static NotificationId NewId() =>
        NotificationId.Create(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(), counter: 0, (ulong)Random.Shared.NextInt64());

    private Task PutAsync(string messageText) =>
        new StorageClients(Storage).Queue.SendMessageAsync(messageText, Cancellation);
}
