using Deque.AxeCore.Playwright;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace MarketplaceWebhook.EndToEndTests.Dashboard;

/// <summary>All rules of axe-core (https://github.com/dequelabs/axe-core), in every state that the page can be in.</summary>
[Collection(nameof(Chromium))]
public sealed class AccessibilityTests(RunningDashboard running, ReadOnlyDashboard reading)
    : IClassFixture<RunningDashboard>, IClassFixture<ReadOnlyDashboard>
{
    [Theory]
    [InlineData(ColorScheme.Light, 1280)]
    [InlineData(ColorScheme.Light, 390)]
    [InlineData(ColorScheme.Dark, 1280)]
    [InlineData(ColorScheme.Dark, 390)]
    public async Task Page_violates_no_rule_of_axe(ColorScheme colours, int width)
    {
        await using var tab = await running.OpenAsync(new TabOptions { Colours = colours, Width = width });
        await AssertNoViolationAsync(tab, "empty");

        var account = Guid.NewGuid();
        var rejected = await running.PostAsync("""{"Status":"installed"}""");
        await running.PostAsync(NotificationBody.Of(NotificationBody.Unknown, account));
        await running.PostAsync(
            $$"""{"Status":"installed","AccountId":"{{account}}","MarketplaceIntegrationPackageId":1,"Errors":["no consent"]}""");
        await Expect(tab.Page.Locator("#installs-with-errors")).ToBeVisibleAsync();
        if (width < 900)
        {
            await tab.Page.Locator("#side > summary").ClickAsync();
        }

        await tab.SendBodyAsync("no JSON");
        await tab.Page.Locator($"#dead-letters > li[data-id='{rejected["notificationId"]}']")
            .GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "Body" }).ClickAsync();
        await Expect(tab.Page.Locator("#response")).ToContainTextAsync("400 Bad Request");
        await AssertNoViolationAsync(tab, "filled, with a dead letter opened and a rejected response");

        await tab.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Play the scenario" }).ClickAsync();
        await Expect(tab.Page.Locator(".checks li.done")).ToHaveCountAsync(3);
        await Expect(tab.Page.Locator(".package")).ToHaveCountAsync(3);
        await tab.Page.Locator("#scenario-text summary").ClickAsync();
        await tab.Page.Locator(".secret").First.ClickAsync();
        await Expect(await tab.OpenNewestBodyAsync()).ToContainTextAsync("Status");
        await AssertNoViolationAsync(tab, "an account, with a body opened");
    }

    [Fact]
    public async Task Page_without_a_token_violates_no_rule_of_axe()
    {
        await using var tab = await running.OpenAsync(address: running.BaseAddress);
        await Expect(tab.Page.Locator("#locked")).ToBeVisibleAsync();

        await AssertNoViolationAsync(tab, "locked");
    }

    [Theory]
    [InlineData(ColorScheme.Light, 1280)]
    [InlineData(ColorScheme.Light, 390)]
    [InlineData(ColorScheme.Dark, 1280)]
    [InlineData(ColorScheme.Dark, 390)]
    public async Task Read_only_page_violates_no_rule_of_axe(ColorScheme colours, int width)
    {
        var account = Guid.NewGuid();
        await reading.Services.ProjectAsync(
            Ids.At(DateTimeOffset.UtcNow),
            $$"""{"Errors":["no consent"],{{NotificationBody.Of("installed", account, cycles: [account])[1..]}}""");
        await reading.Services.Get<DeadLetterTable>().RecordAsync(
            new DeadLetter
            {
                Kind = DeadLetter.Rejected,
                Id = Ids.At(DateTimeOffset.UtcNow),
                Reason = RejectionReason.InvalidNotification,
                Detail = "why",
                AccountId = account,
                Body = "{}"u8.ToArray(),
                BodyLength = 2,
            },
            Cancellation);
        await using var tab = await reading.OpenAsync(new TabOptions { Colours = colours, Width = width });
        await Expect(tab.Page.Locator("#installs-with-errors")).ToBeVisibleAsync();
        await Expect(tab.Page.Locator("#status-rows")).ToContainTextAsync("Messages in the fallback storage");
        await Expect(tab.Page.Locator("#status-rows")).ToContainTextAsync("Installs");
        await AssertNoViolationAsync(tab, "read-only");

        await tab.Row(account, 1).GetByRole(AriaRole.Link).ClickAsync();
        await Expect(await tab.OpenNewestBodyAsync()).ToContainTextAsync("Status");
        await Expect(tab.Page.Locator("#account-dead-letters > li")).ToHaveCountAsync(1);
        await AssertNoViolationAsync(tab, "read-only, an account with a body opened");
    }

    private static async Task AssertNoViolationAsync(Tab tab, string state)
    {
        // A new row is highlighted for a moment, in colours of its own.
        await tab.Page.EvaluateAsync("() => Promise.all(document.getAnimations().map((animation) => animation.finished))");
        var result = await tab.Page.RunAxe();

        Assert.NotEmpty(result.Passes);
        Assert.Empty(result.Violations.SelectMany(violation =>
            violation.Nodes.Select(node => $"{state}: {violation.Id}, {violation.Help}: {node.Html}")));
    }
}
