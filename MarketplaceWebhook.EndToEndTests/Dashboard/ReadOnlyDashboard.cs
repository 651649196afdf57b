using MarketplaceWebhook.Cli.Dashboard;
using MarketplaceWebhook.LocalHost.Storage;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.EndToEndTests.Dashboard;

/// <summary>The page as `dashboard` serves it, for an account of its own with a fallback storage and a change feed.</summary>
public sealed class ReadOnlyDashboard(AzuriteFixture azurite, Chromium chromium) : IAsyncLifetime
{
    public const string ChangeFeed = "partner-changes";

    private readonly HttpClient _http = new();
    private MaintenanceServices? _services;
    private LocalDashboard? _page;
    private PageServer? _server;

    public MaintenanceServices Services => _services!;

    private Uri BaseAddress => _server!.BaseAddress;

    public static LocalDashboard PageOf(AppSettings settings, string? chartLibrary = null) =>
        new(settings, key: null, Task.FromResult(chartLibrary));

    public async ValueTask InitializeAsync()
    {
        var modules = await NpmPackages.EnsureInstalledAsync(_ => { }, Cancellation);
        var fallback = azurite.NewAccount();
        _services = MaintenanceServices.On(azurite.NewAccount(), fallback: fallback, changeFeed: ChangeFeed);
        _page = PageOf(
            new AppSettings
            {
                Storage = StorageSettings.FromConnectionString(_services.ConnectionString),
                Fallback = StorageSettings.FromConnectionString(fallback),
                ChangeFeed = ChangeFeed,
            },
            Path.Combine(modules, "chart.js", "dist", "chart.umd.min.js"));
        _server = await PageServer.StartAsync(port: 0, _page.Map, Cancellation);
        _page.Start();
    }

    public Task<Tab> OpenAsync(TabOptions? options = null) => OpenAsync(_page!.UrlOn(BaseAddress), options ?? new TabOptions());

    public async Task<Tab> OpenAsync(Uri url, TabOptions options) =>
        await Tab.OpenAsync(await chromium.LaunchAsync(Cancellation), url, options);

    /// <summary>A request as the page sends it.</summary>
    public Task<HttpResponseMessage> SendAsync(HttpMethod method, string path) =>
        SendAsync(_http, _server!, _page!, method, path);

    internal static async Task<HttpResponseMessage> SendAsync(
        HttpClient http, PageServer server, LocalDashboard page, HttpMethod method, string path)
    {
        using var request = new HttpRequestMessage(method, new Uri(server.BaseAddress, path));
        request.Headers.Add("Origin", server.BaseAddress.GetLeftPart(UriPartial.Authority));
        request.Headers.Add(AccessCheck.TokenHeader, page.UrlOn(server.BaseAddress).Fragment.Split('=')[1]);
        return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        if (_page is not null)
        {
            await _page.DisposeAsync();
        }

        if (_services is not null)
        {
            await _services.DisposeAsync();
        }
    }
}
