using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace MarketplaceWebhook.Tests.Dashboard;

[Collection(nameof(Chromium))]
public sealed class DashboardTests(RunningDashboard running) : IClassFixture<RunningDashboard>
{
    [Fact]
    public async Task Each_documented_notification_changes_the_row()
    {
        await using var tab = await running.OpenAsync();
        var account = Guid.NewGuid();

        foreach (var status in (string[])["installed", "started", "stopped", "uninstalled"])
        {
            await tab.SendAsync(status, account);
            await Expect(tab.Page.Locator("#answer")).ToContainTextAsync("202 Accepted");
            await Expect(tab.Row(account).Locator(".badge").First).ToHaveTextAsync(status);
        }

        await Expect(tab.Page.Locator("#answer-row")).ToContainTextAsync("on the page after");
    }

    [Fact]
    public async Task What_arrives_by_another_way_appears_without_a_reload()
    {
        await using var tab = await running.OpenAsync();
        await Expect(tab.Page.Locator("#chip-live")).ToHaveTextAsync("Live");
        var account = Guid.NewGuid();

        var answer = await running.PostAsync($$"""{"Status":"started","AccountId":"{{account}}","MarketplaceIntegrationPackageId":77}""");

        await Expect(tab.Row(account, 77).Locator(".badge").First).ToHaveTextAsync("started");
        var arrived = tab.Page.Locator($"#feed-rows tr[data-id='{answer["notificationId"]}']");
        await Expect(arrived).ToContainTextAsync("projected");
        await Expect(arrived.Locator(".number")).ToContainTextAsync("s");
        await Expect(tab.Page.Locator("#counts-text")).ToContainTextAsync("started");
    }

    [Fact]
    public async Task A_refused_body_shows_what_is_wrong_and_becomes_a_dead_letter()
    {
        await using var tab = await running.OpenAsync();
        var marker = Guid.NewGuid().ToString();

        await tab.SendBodyAsync($$"""{"Status": "installed", "marker": "{{marker}}"}""");

        await Expect(tab.Page.Locator("#answer")).ToContainTextAsync("400 Bad Request");
        await Expect(tab.Page.Locator("#answer .errors")).ToContainTextAsync("AccountId");
        var letter = tab.Page.Locator("#letters > li").First;
        await Expect(letter).ToContainTextAsync("invalid-notification");
        await letter.GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "Body" }).ClickAsync();
        await Expect(letter.Locator("pre")).ToContainTextAsync(marker);
    }

    [Fact]
    public async Task A_message_that_fails_becomes_a_dead_letter_of_its_kind()
    {
        await using var tab = await running.OpenAsync();
        var id = await running.PutUnreadableMessageAsync();

        await tab.Page.GetByLabel("Kind").SelectOptionAsync("failed");

        var letter = tab.Page.Locator($"#letters > li[data-id='{id}']");
        await Expect(letter).ToContainTextAsync("unreadable-envelope");
        await Expect(tab.Page.Locator($"#feed-rows tr[data-id='{id}']")).ToContainTextAsync("dead letter");
    }

    [Fact]
    public async Task A_failed_message_is_redriven_once_its_cause_is_mended()
    {
        await using var tab = await running.OpenAsync();
        var account = Guid.NewGuid();
        var id = await running.PutMessageWithoutItsPayloadAsync();
        var letter = tab.Page.Locator($"#letters > li[data-id='{id}']");
        await Expect(letter).ToContainTextAsync("projection-failed");

        await running.PutPayloadAsync(
            id, account, $$"""{"Status":"started","AccountId":"{{account}}","MarketplaceIntegrationPackageId":1234}""");
        await letter.GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "Redrive" }).ClickAsync();

        await Expect(tab.Row(account).Locator(".badge").First).ToHaveTextAsync("started");
        await Expect(letter).ToContainTextAsync("redriven");
    }

    [Fact]
    public async Task A_refused_body_that_is_refused_again_says_why()
    {
        await using var tab = await running.OpenAsync();
        var answer = await running.PostAsync("""{"Status":"installed"}""");
        var letter = tab.Page.Locator($"#letters > li[data-id='{answer["notificationId"]}']");

        await letter.GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "Redrive" }).ClickAsync();

        await Expect(letter).ToContainTextAsync("Not redriven:");
        await Expect(letter).ToContainTextAsync("AccountId");
    }

    [Fact]
    public async Task Webhook_urls_are_masked_until_they_are_clicked()
    {
        await using var tab = await running.OpenAsync();
        var account = Guid.NewGuid();
        await tab.SendAsync("installed", account);
        await tab.Row(account).GetByRole(AriaRole.Link).ClickAsync();

        var url = tab.Page.Locator(".secret");
        await Expect(url).ToHaveTextAsync("https://example.com/••••••••");
        await Expect(tab.Page.Locator(".package .errors")).ToContainTextAsync("Failed to start cycle");
        await url.ClickAsync();
        await Expect(url).ToHaveTextAsync("https://example.com/api/webhook/abcdefg");
        await url.ClickAsync();
        await Expect(url).ToHaveTextAsync("https://example.com/••••••••");
    }

    [Fact]
    public async Task An_account_shows_its_history_with_the_bodies()
    {
        await using var tab = await running.OpenAsync();
        var account = Guid.NewGuid();
        await tab.SendAsync("installed", account);
        await tab.Row(account).GetByRole(AriaRole.Link).ClickAsync();
        await tab.SendAsync("stopped", account);

        var changes = tab.Page.Locator("#history-rows tr.change");
        await Expect(changes).ToHaveCountAsync(2);
        await Expect(changes.Nth(0)).ToContainTextAsync("stopped");
        await Expect(tab.Page.Locator("#timeline-text")).ToHaveTextAsync("Package 1234: installed, stopped");
        await changes.Nth(1).GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "Body" }).ClickAsync();
        await Expect(tab.Page.Locator("#history-rows tr.body pre").Nth(1)).ToContainTextAsync("\"CycleStatus\": \"Active\"");
    }

    [Fact]
    public async Task A_scenario_of_late_and_repeated_deliveries_ends_in_the_right_rows()
    {
        await using var tab = await running.OpenAsync();

        await tab.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Play the scenario" }).ClickAsync();

        await Expect(tab.Page.Locator(".checks li.done")).ToHaveCountAsync(3);
        await Expect(tab.Page.Locator("#history-rows tr.change")).ToHaveCountAsync(13);
        await Expect(tab.Page.Locator("#timeline-text")).ToHaveTextAsync(
            "Package 1201: installed, stopped, started, uninstalled, installed, started. "
            + "Package 1202: installed, stopped, started, stopped. Package 1203: installed, started, uninstalled");
        Assert.True(await tab.Page.EvaluateAsync<bool>("() => Boolean(Chart.getChart(document.querySelector('#timeline-chart canvas')))"));
    }

    [Fact]
    public async Task Queue_length_and_health_are_shown()
    {
        await using var tab = await running.OpenAsync();

        await Expect(tab.Page.Locator("#chip-health")).ToHaveTextAsync("Healthy");
        await Expect(tab.Page.Locator("#queue-length")).ToHaveTextAsync(new System.Text.RegularExpressions.Regex("^[0-9]+$"));
        await Expect(tab.Page.Locator("#poison-length")).ToHaveTextAsync(new System.Text.RegularExpressions.Regex("^[0-9]+$"));
    }

    [Fact]
    public async Task The_token_leaves_the_address_bar_and_survives_a_reload()
    {
        await using var tab = await running.OpenAsync();

        await Expect(tab.Page.Locator("#layout")).ToBeVisibleAsync();
        Assert.DoesNotContain(running.Token, tab.Page.Url, StringComparison.Ordinal);
        await tab.Page.ReloadAsync();
        await Expect(tab.Page.Locator("#chip-live")).ToHaveTextAsync("Live");
    }

    [Fact]
    public async Task Without_the_token_the_page_asks_for_the_printed_address()
    {
        await using var tab = await running.OpenAsync(address: running.BaseAddress);

        await Expect(tab.Page.Locator("#locked")).ToBeVisibleAsync();
        await Expect(tab.Page.Locator("#layout")).ToBeHiddenAsync();
        await tab.Page.GetByLabel("Address or token").FillAsync(running.Url.ToString());
        await tab.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Open" }).ClickAsync();
        await Expect(tab.Page.Locator("#chip-live")).ToHaveTextAsync("Live");
    }
}
