using System.Text.Json.Nodes;
using static Microsoft.Playwright.Assertions;

namespace MarketplaceWebhook.EndToEndTests.Dashboard;

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
        await Expect(await tab.OpenNewestBodyAsync()).ToContainTextAsync("onerror");

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

    [Fact]
    public async Task No_attribute_and_no_text_has_a_control_or_direction_character()
    {
        const string Hidden = "a\u202E\u0007\u200Bz";
        await using var tab = await running.OpenAsync();
        var account = Guid.NewGuid();
        await running.PostAsync(new JsonObject
        {
            ["Status"] = "installed",
            ["AccountId"] = account,
            ["AccountApiId"] = Hidden,
            ["MarketplaceIntegrationPackageId"] = 1234,
            ["MarketplaceInstallDetails"] = new JsonArray(new JsonObject
            {
                ["CycleId"] = Guid.NewGuid(),
                ["CycleStatus"] = Hidden,
                ["TemplateId"] = Hidden,
                ["TemplateReleaseId"] = Hidden,
                ["Webhooks"] = new JsonArray(new JsonObject { ["Url"] = Hidden, ["StepName"] = Hidden }),
            }),
            ["Errors"] = new JsonArray(Hidden),
            ["UserId"] = Hidden,
            ["CompleteParameter"] = Hidden,
        }.ToJsonString());
        await running.PostAsync(new JsonObject { ["Status"] = Hidden, ["AccountId"] = Hidden }.ToJsonString());
        await Expect(tab.Row(account)).ToBeVisibleAsync();
        await Expect(tab.Page.Locator("#dead-letters > li").First).ToBeVisibleAsync();
        Assert.Empty(await tab.Page.EvaluateAsync<string[]>(NotEscaped));

        await tab.Row(account).GetByRole(Microsoft.Playwright.AriaRole.Link).ClickAsync();
        await tab.Page.Locator(".secret").ClickAsync();
        await Expect(tab.Page.Locator(".secret")).ToHaveTextAsync(@"a\u{202E}\u{7}\u{200B}z");
        await Expect(await tab.OpenNewestBodyAsync()).ToContainTextAsync(@"\u{202E}");

        Assert.Empty(await tab.Page.EvaluateAsync<string[]>(NotEscaped));
    }

    /// <summary>Line breaks and tabs are allowed in texts: the page itself is indented.</summary>
    private const string NotEscaped = """
        () => {
          const hidden = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
          const isHiddenText = (node) => node.nodeType === Node.TEXT_NODE && hidden.test(node.data.replace(/[\n\r\t]/g, ''));
          return [...document.querySelectorAll('*')].flatMap((element) => [
            ...[...element.attributes].filter(({ value }) => hidden.test(value)).map(({ name }) => `${element.tagName} ${name}`),
            ...[...element.childNodes].filter(isHiddenText).map(() => `text of ${element.tagName}`),
          ]);
        }
        """;

    private static async Task AssertNoMarkupWasParsedAsync(Tab tab)
    {
        Assert.Matches("^dev · test[0-9]+ · MarketplaceWebhook$", await tab.Page.TitleAsync());
        Assert.Equal(1, await tab.Page.Locator("img").CountAsync());
    }
}
