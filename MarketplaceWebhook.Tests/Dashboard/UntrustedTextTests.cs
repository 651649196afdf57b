using System.Text.Json.Nodes;
using static Microsoft.Playwright.Assertions;

namespace MarketplaceWebhook.Tests.Dashboard;

[Collection(nameof(Chromium))]
public sealed class UntrustedTextTests(RunningDashboard running) : IClassFixture<RunningDashboard>
{
    private const string Image = "<img src=x onerror=\"document.title='changed'\">";

    [Fact]
    public async Task Markup_in_any_field_is_displayed_as_text()
    {
        await using var tab = await running.OpenAsync();
        var account = Guid.NewGuid();
        var body = new JsonObject
        {
            ["Status"] = "installed",
            ["AccountId"] = account,
            ["AccountApiId"] = Image,
            ["MarketplaceIntegrationPackageId"] = 1234,
            ["MarketplaceInstallDetails"] = new JsonArray(new JsonObject
            {
                ["CycleId"] = Guid.NewGuid(),
                ["CycleStatus"] = Image,
                ["TemplateId"] = Image,
                ["TemplateReleaseId"] = Image,
                ["Webhooks"] = new JsonArray(new JsonObject { ["Url"] = Image, ["StepName"] = Image }),
            }),
            ["Errors"] = new JsonArray(Image),
            ["UserId"] = Image,
            ["CompleteParameter"] = Image,
            [Image] = Image,
        }.ToJsonString();

        await tab.SendBodyAsync(body);
        var row = tab.Row(account);
        await Expect(row).ToContainTextAsync(Image);
        await row.GetByRole(Microsoft.Playwright.AriaRole.Link).ClickAsync();
        await Expect(tab.Page.Locator("#account-title")).ToHaveTextAsync(Image);
        await Expect(tab.Page.Locator(".package .errors")).ToContainTextAsync(Image);
        await tab.Page.Locator(".secret").ClickAsync();
        await Expect(tab.Page.Locator(".secret")).ToHaveTextAsync(Image);
        await tab.Page.Locator("#history-rows button").First.ClickAsync();
        await Expect(tab.Page.Locator("#history-rows pre").First).ToContainTextAsync("onerror");

        await AssertNoMarkupWasParsedAsync(tab);
    }

    [Fact]
    public async Task Markup_in_a_status_and_in_a_rejected_body_is_displayed_as_text()
    {
        await using var tab = await running.OpenAsync();
        var account = Guid.NewGuid();

        await tab.SendBodyAsync(new JsonObject
        {
            ["Status"] = Image,
            ["AccountId"] = account,
            ["MarketplaceIntegrationPackageId"] = 1234,
            ["AccountApiId"] = account.ToString(),
        }.ToJsonString());
        await Expect(tab.Page.Locator("#feed-rows tr").Filter(new() { HasText = account.ToString() }).Locator(".badge.other"))
            .ToHaveTextAsync(Image.ToLowerInvariant());
        await tab.SendBodyAsync($"{Image}{account}");
        var deadLetter = await tab.DeadLetterAsync();
        await Expect(deadLetter).ToContainTextAsync("invalid-json");
        await deadLetter.GetByRole(Microsoft.Playwright.AriaRole.Button).First.ClickAsync();
        await Expect(deadLetter.Locator("pre")).ToHaveTextAsync($"{Image}{account}");

        await AssertNoMarkupWasParsedAsync(tab);
    }

    [Fact]
    public async Task Control_and_direction_characters_are_displayed_escaped()
    {
        await using var tab = await running.OpenAsync();
        var account = Guid.NewGuid();

        await running.PostAsync(
            $$"""{"Status":"started","AccountId":"{{account}}","AccountApiId":"a\u202Eb\u0007c\u200Bd","MarketplaceIntegrationPackageId":1234}""");

        await Expect(tab.Row(account)).ToContainTextAsync(@"a\u{202E}b\u{7}c\u{200B}d");
    }

    private static async Task AssertNoMarkupWasParsedAsync(Tab tab)
    {
        Assert.Equal("MarketplaceWebhook · dev", await tab.Page.TitleAsync());
        Assert.Equal(1, await tab.Page.Locator("img").CountAsync());
    }
}
