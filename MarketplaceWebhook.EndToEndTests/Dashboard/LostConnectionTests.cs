using MarketplaceWebhook.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace MarketplaceWebhook.EndToEndTests.Dashboard;

[Collection(nameof(Chromium))]
public sealed class LostConnectionTests(AzuriteFixture azurite, Chromium chromium)
{
    [Fact]
    public async Task Page_shows_nothing_as_current_after_dev_ended()
    {
        await using var running = new RunningDashboard(azurite, chromium);
        await running.InitializeAsync();
        await using var tab = await running.OpenAsync(new TabOptions { HasFailedRequests = true });
        await Expect(tab.Page.Locator("#chip-health")).ToHaveTextAsync("Healthy");
        await Expect(tab.Page.Locator("#status-text")).ToHaveTextAsync("Nothing");

        await running.StopAsync();

        await Expect(tab.Page.Locator("#chip-live")).ToHaveTextAsync("Not connected");
        await Expect(tab.Page.Locator("#chip-health")).ToHaveTextAsync("Health unknown");
        await Expect(tab.Page.Locator("#chip-health")).Not.ToHaveClassAsync(new System.Text.RegularExpressions.Regex("good"));
        await Expect(tab.Page.Locator("#queue-length")).ToHaveTextAsync("–");
        await Expect(tab.Page.Locator("#process-id")).ToHaveTextAsync("–");
        await Expect(tab.Page.Locator("#status-text")).ToHaveTextAsync("The tool does not respond: is it still running?");
    }
}
