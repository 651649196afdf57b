using System.Text.Json.Nodes;
using Microsoft.Playwright;

namespace MarketplaceWebhook.EndToEndTests.Dashboard;

public sealed record TabOptions
{
    public ColorScheme Colours { get; init; } = ColorScheme.Light;

    public int Width { get; init; } = 1440;

    public int Height { get; init; } = 900;

    public float Scale { get; init; } = 1;

    public string TimeZone { get; init; } = "UTC";

    /// <summary>Failed requests are part of the test: the browser writes each to its console.</summary>
    public bool HasFailedRequests { get; init; }
}

/// <summary>
/// A browser tab with the dashboard. At the end there must be no console messages and no requests to other hosts.
/// </summary>
public sealed class Tab : IAsyncDisposable
{
    private readonly IBrowserContext _context;
    private readonly List<string> _problems = [];

    private Tab(IBrowserContext context, IPage page, bool hasFailedRequests)
    {
        (_context, Page) = (context, page);
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning"
                && !(hasFailedRequests && message.Text.StartsWith("Failed to load resource", StringComparison.Ordinal)))
            {
                _problems.Add($"console: {message.Text}");
            }
        };
        page.PageError += (_, error) => _problems.Add($"exception: {error}");
        page.Request += (_, request) =>
        {
            if (new Uri(request.Url) is { IsLoopback: false, Scheme: not "data" })
            {
                _problems.Add($"request to {request.Url}");
            }
        };
    }

    public IPage Page { get; }

    public static async Task<Tab> OpenAsync(IBrowser browser, Uri url, TabOptions options)
    {
        var context = await browser.NewContextAsync(new BrowserNewContextOptions
        {
            ColorScheme = options.Colours,
            ViewportSize = new ViewportSize { Width = options.Width, Height = options.Height },
            DeviceScaleFactor = options.Scale,
            Locale = "en-GB",
            TimezoneId = options.TimeZone,
        });
        context.SetDefaultTimeout(Chromium.Deadline);
        var tab = new Tab(context, await context.NewPageAsync(), options.HasFailedRequests);
        await tab.Page.GotoAsync(url.ToString());
        return tab;
    }

    /// <summary>The row of an install in the list.</summary>
    public ILocator Row(Guid accountId, long package = 1234) =>
        Page.Locator($"#installs-rows tr[data-account='{accountId}'][data-package='{package}']");

    public async Task SendAsync(string status, Guid accountId, bool withErrors = false)
    {
        await Page.GetByLabel("Account", new PageGetByLabelOptions { Exact = true }).FillAsync(accountId.ToString());
        await Page.Locator($".segments input[value={status}]").CheckAsync(new LocatorCheckOptions { Force = true });
        if (withErrors)
        {
            await Page.Locator("#send-errors").CheckAsync();
        }

        await Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Send", Exact = true }).ClickAsync();
    }

    public async Task SendBodyAsync(string body)
    {
        await Page.GetByLabel("Body", new PageGetByLabelOptions { Exact = true }).FillAsync(body);
        await Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Send", Exact = true }).ClickAsync();
    }

    /// <summary>The dead letter of the body that was sent last, once its response is on the page.</summary>
    public async Task<ILocator> DeadLetterAsync()
    {
        await Assertions.Expect(Page.Locator("#response")).ToContainTextAsync("400 Bad Request");
        var response = JsonNode.Parse(await Page.Locator("#response pre").InnerTextAsync())!;
        return Page.Locator($"#dead-letters > li[data-id='{response["notificationId"]}']");
    }

    /// <summary>Opens the body of the notification that is first in the history now: a later one can come before it.</summary>
    public async Task<ILocator> OpenNewestBodyAsync()
    {
        var id = await Page.Locator("#history-rows tr.change").First.GetAttributeAsync("data-id");
        var row = $"#history-rows tr.change[data-id='{id}']";
        await Page.Locator($"{row} button").ClickAsync();
        return Page.Locator($"{row} + tr pre");
    }

    public async ValueTask DisposeAsync()
    {
        await _context.DisposeAsync();
        Assert.Empty(_problems);
    }
}
