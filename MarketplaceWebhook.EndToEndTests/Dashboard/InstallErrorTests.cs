using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace MarketplaceWebhook.EndToEndTests.Dashboard;

/// <summary>An install that Cyclr reported with errors is not running: it comes first, wherever it is.</summary>
[Collection(nameof(Chromium))]
public sealed class InstallErrorTests(RunningDashboard running) : IClassFixture<RunningDashboard>
{
    [Fact]
    public async Task Install_with_errors_comes_first_and_needs_a_person_until_it_is_installed_without()
    {
        await using var tab = await running.OpenAsync();
        var (failing, later) = (Guid.NewGuid(), Guid.NewGuid());
        var (first, problem) = (tab.Page.Locator("#installs-rows tr").First, tab.Page.Locator("#installs-with-errors"));

        await tab.SendAsync("installed", failing, withErrors: true);
        await Expect(problem).ToHaveTextAsync("1 install with errors, as Cyclr reported: ExampleAccount 1234");
        await running.PostAsync($$"""{"Status":"started","AccountId":"{{later}}","MarketplaceIntegrationPackageId":1}""");
        await Expect(tab.Row(later, 1)).ToBeVisibleAsync();
        await AssertIsFailingAsync(first, failing);
        await Expect(tab.Page.Locator("#problem-count")).ToHaveTextAsync("1");
        await Expect(tab.Page.Locator("#status-text")).ToBeEmptyAsync();

        await tab.Page.ReloadAsync();
        await AssertIsFailingAsync(first, failing);
        await problem.GetByRole(AriaRole.Link).ClickAsync();
        await Expect(tab.Page.Locator(".package .errors")).ToContainTextAsync("Failed to start cycle");
        await tab.Page.Locator("#chip-problems a").ClickAsync();
        await Expect(tab.Page.Locator("#status-title")).ToBeFocusedAsync();

        await tab.SendAsync("installed", failing);
        await Expect(problem).ToHaveCountAsync(0);
        await Expect(tab.Page.Locator("#chip-problems")).ToBeHiddenAsync();
        await Expect(tab.Page.Locator("#status-text")).ToHaveTextAsync("Nothing");
        await Expect(tab.Row(failing).Locator(".danger")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task List_can_be_filtered_by_errors()
    {
        await using var tab = await running.OpenAsync();
        var (failing, other) = (Guid.NewGuid(), Guid.NewGuid());
        await running.PostAsync(
            $$"""{"Status":"installed","AccountId":"{{failing}}","MarketplaceIntegrationPackageId":2,"Errors":["x"]}""");
        await running.PostAsync($$"""{"Status":"started","AccountId":"{{other}}","MarketplaceIntegrationPackageId":2}""");
        await Expect(tab.Row(other, 2)).ToBeVisibleAsync();

        await tab.Page.Locator("#filter-errors").CheckAsync();

        await Expect(tab.Row(failing, 2)).ToBeVisibleAsync();
        await Expect(tab.Row(other, 2)).ToHaveCountAsync(0);
        // Both are gone once it is installed without errors.
        await running.PostAsync($$"""{"Status":"installed","AccountId":"{{failing}}","MarketplaceIntegrationPackageId":2}""");
        await Expect(tab.Row(failing, 2)).ToHaveCountAsync(0);
    }

    private static async Task AssertIsFailingAsync(ILocator row, Guid account)
    {
        await Expect(row).ToHaveAttributeAsync("data-account", account.ToString());
        await Expect(row.Locator(".danger")).ToHaveTextAsync("1");
    }
}
