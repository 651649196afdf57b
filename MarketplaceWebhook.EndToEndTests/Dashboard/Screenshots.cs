using MarketplaceWebhook.LocalHost.Storage;
using MarketplaceWebhook.Installs;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;
using Microsoft.Playwright;

using static Microsoft.Playwright.Assertions;

namespace MarketplaceWebhook.EndToEndTests.Dashboard;

/// <summary>
/// Takes the screenshots of README and docs/:
/// <c>dotnet run --project MarketplaceWebhook.EndToEndTests -- -class '*Screenshots' -explicit only</c>
/// </summary>
[Collection(nameof(Chromium))]
public sealed class Screenshots(RunningDashboard running) : IClassFixture<RunningDashboard>
{
    private static readonly string[] Names =
        ["Northwind Traders", "Contoso GmbH", "Fabrikam Ltd", "Tailspin Toys", "Wingtip", "Litware", "Proseware"];

    private static readonly (int Customer, int Package, string Status)[] Notifications =
    [
        (0, 1201, "installed"), (1, 1201, "installed"), (1, 1201, "started"), (2, 1310, "installed"), (3, 1201, "installed"),
        (3, 1201, "started"), (0, 1201, "started"), (4, 1415, "installed"), (2, 1310, "stopped"), (5, 1201, "installed"),
        (5, 1201, "started"), (4, 1415, "started"), (6, 1310, "installed"), (6, 1310, "uninstalled"), (0, 1310, "installed"),
    ];

    [Fact(Explicit = true)]
    public async Task Take_screenshots()
    {
        await using (var tab = await running.OpenAsync(new TabOptions { Width = 1440, Height = 1020 }))
        {
            await FillAsync(tab);
            await ShootAsync(tab, "page-light.png");
            await tab.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Play the scenario" }).ClickAsync();
            await Expect(tab.Page.Locator(".checks li.done")).ToHaveCountAsync(3);
            await Expect(tab.Page.Locator("#history-rows tr.change")).ToHaveCountAsync(13);
            await ShootAsync(tab, "account-light.png");
        }

        await using (var dark = await running.OpenAsync(
            new TabOptions { Width = 1440, Height = 1020, Colours = ColorScheme.Dark }))
        {
            await Expect(dark.Page.Locator("#installs-rows tr").First).ToBeVisibleAsync();
            await Expect(dark.Page.Locator("#counts-text")).ToContainTextAsync("in the last 1 hour");
            await ShootAsync(dark, "page-dark.png");
        }

        await using var phone = await running.OpenAsync(new TabOptions { Width = 390, Height = 844, Scale = 2 });
        await Expect(phone.Page.Locator("#installs-rows tr").First).ToBeVisibleAsync();
        await phone.Page.GetByRole(AriaRole.Link).Filter(new LocatorFilterOptions { HasText = "scenario-" }).First.ClickAsync();
        await Expect(phone.Page.Locator("#history-rows tr.change")).ToHaveCountAsync(13);
        await phone.Page.EvaluateAsync("() => document.getElementById('account').scrollIntoView()");
        await ShootAsync(phone, "page-phone.png");
    }

    private async Task FillAsync(Tab tab)
    {
        var accounts = Names.Select(_ => Guid.NewGuid()).ToList();
        foreach (var (customer, package, status) in Notifications)
        {
            var details = status == "installed"
                ? $$""","MarketplaceInstallDetails":[{"CycleId":"{{Guid.NewGuid()}}","CycleStatus":"Active"}],"Errors":[{{(customer == 2 ? "\"Failed to start cycle\"" : "")}}]"""
                : "";
            await running.PostAsync(
                $$"""{"Status":"{{status}}","AccountId":"{{accounts[customer]}}","AccountApiId":"{{Names[customer]}}","MarketplaceIntegrationPackageId":{{package}}{{details}}}""");
        }

        await FillChartAsync();
        await running.PostAsync("""{"Status":"installed","AccountId":"not a GUID","MarketplaceIntegrationPackageId":1201}""");
        await Expect(tab.Page.Locator("#feed-rows tr .state.good")).ToHaveCountAsync(Notifications.Length);
        await Expect(tab.Page.Locator("#dead-letters > li")).ToHaveCountAsync(1);
        await tab.Page.ReloadAsync();
        await tab.SendAsync("installed", Guid.NewGuid());
        await Expect(tab.Page.Locator("#response-row")).ToContainTextAsync("on the page");
    }

    /// <summary>Adds notifications of the last hour directly to the log.</summary>
    private async Task FillChartAsync()
    {
        var random = new Random(7);
        var clients = new StorageClients(running.Storage);
        var log = new StatusChangeLog(clients);
        for (var minute = 2; minute < 60; minute++)
        {
            for (var count = random.Next(4); count > 0; count--)
            {
                var at = DateTimeOffset.UtcNow.AddMinutes(-minute).ToUnixTimeMilliseconds();
                await log.AppendAsync(
                    new StatusChange
                    {
                        Id = NotificationId.Create(at, count, (ulong)random.NextInt64()),
                        Source = "default",
                        Status = random.Next(10) switch
                        {
                            < 4 => KnownStatus.Installed,
                            < 8 =>
                            KnownStatus.Started,
                            8 => KnownStatus.Stopped,
                            _ => KnownStatus.Uninstalled
                        },
                        AccountId = Guid.NewGuid(),
                        PackageId = 1201,
                    },
                    Cancellation);
            }
        }
    }

    private static async Task ShootAsync(Tab tab, string name)
    {
        await Expect(tab.Page.Locator("#chip-health")).ToHaveTextAsync("Healthy");
        // Waits for the highlight of new rows to end.
        await tab.Page.EvaluateAsync("() => Promise.all(document.getAnimations().map((animation) => animation.finished))");
        await tab.Page.ScreenshotAsync(new PageScreenshotOptions
        {
            Path = Path.Combine(RepositoryRoot.Find()!, "docs", "images", name),
        });
    }
}
