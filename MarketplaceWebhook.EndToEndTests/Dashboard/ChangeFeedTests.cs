using MarketplaceWebhook.Tests.Support;

using static Microsoft.Playwright.Assertions;

namespace MarketplaceWebhook.EndToEndTests.Dashboard;

[Collection(nameof(Chromium))]
public sealed class ChangeFeedTests(AzuriteFixture azurite, Chromium chromium)
{
    [Fact]
    public async Task Page_shows_what_was_passed_on()
    {
        await using var running = new RunningDashboard(azurite, chromium) { ChangeFeed = "partner-changes" };
        await running.InitializeAsync();
        await using var tab = await running.OpenAsync();
        await Expect(tab.Page.Locator("#change-feed-empty")).ToBeVisibleAsync();
        var account = Guid.NewGuid();

        var response = await running.PostAsync(
            $$"""{"Status":"started","AccountId":"{{account}}","AccountApiId":"<b>","MarketplaceIntegrationPackageId":77}""");

        var message = tab.Page.Locator($"#change-feed-messages li[data-id='{response["notificationId"]}']");
        await Expect(message).ToContainTextAsync($"{account}/77");
        await Expect(tab.Page.Locator("#change-feed-length")).ToHaveTextAsync("1");
        await Expect(tab.Page.Locator("#change-feed-count")).ToHaveTextAsync("the first 1 message on partner-changes");
        await Expect(tab.Page.Locator("#status-rows tr").Filter(new() { HasText = "Messages on the change feed" }))
            .ToContainTextAsync("1");
        await message.Locator("summary").ClickAsync();
        await Expect(message.Locator("pre")).ToContainTextAsync("\"accountApiId\": \"<b>\"");
    }

    [Fact]
    public async Task Page_has_no_card_without_a_change_feed()
    {
        await using var running = new RunningDashboard(azurite, chromium);
        await running.InitializeAsync();
        await using var tab = await running.OpenAsync();

        await Expect(tab.Page.Locator("#chip-health")).ToHaveTextAsync("Healthy");
        await Expect(tab.Page.Locator("#change-feed")).ToBeHiddenAsync();
        await Expect(tab.Page.Locator("#chip-change-feed")).ToBeHiddenAsync();
    }
}
