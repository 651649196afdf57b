using MarketplaceWebhook.EndToEndTests.Support;
using MarketplaceWebhook.LocalHost.Queues;
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
    public async Task Notification_shows_the_response_of_the_application_that_its_change_was_forwarded_to()
    {
        await using var running = new RunningDashboard(azurite, chromium) { ChangeFeed = "partner-changes" };
        await running.InitializeAsync();
        await using var tab = await running.OpenAsync();
        await using var partner = await PartnerApplication.StartAsync();
        partner.Respond(503, 503);
        await using var forwarder = ChangeForwarder.Start(running.Storage, "partner-changes", partner.Url, running.Observe);

        var response = await running.PostAsync(
            $$"""{"Status":"started","AccountId":"{{Guid.NewGuid()}}","MarketplaceIntegrationPackageId":77}""");

        var forwarded = tab.Page.Locator($"#feed-rows tr[data-id='{response["notificationId"]}'] .forwarded");
        await Expect(forwarded).ToHaveTextAsync("→ 503, again in 2 s");
        await Expect(forwarded).ToHaveTextAsync("→ 204");
        await Expect(tab.Page.Locator("#change-feed-empty")).ToBeVisibleAsync();
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
