using System.Globalization;
using MarketplaceWebhook.EndToEndTests.Support;
using MarketplaceWebhook.Notifications;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace MarketplaceWebhook.EndToEndTests.Dashboard;

[Collection(nameof(Chromium))]
public sealed class DashboardTests(RunningDashboard running) : IClassFixture<RunningDashboard>
{
    [Fact]
    public async Task Row_shows_the_status_of_each_documented_notification()
    {
        await using var tab = await running.OpenAsync();
        var account = Guid.NewGuid();

        foreach (var status in KnownStatus.All)
        {
            await tab.SendAsync(status, account);
            await Expect(tab.Page.Locator("#response")).ToContainTextAsync("202 Accepted");
            await Expect(tab.Row(account).Locator(".badge").First).ToHaveTextAsync(status);
        }

        await Expect(tab.Page.Locator("#response-row")).ToContainTextAsync("on the page after");
    }

    [Fact]
    public async Task Form_can_be_edited_only_once_it_is_filled_in()
    {
        await using var tab = await running.OpenAsync();
        var bodies = await ReloadWithoutBodiesAsync(tab);
        var body = tab.Page.GetByLabel("Body", new PageGetByLabelOptions { Exact = true });

        await Expect(body).ToBeVisibleAsync();
        await Expect(body).ToBeDisabledAsync();
        bodies.SetResult();
        await body.FillAsync("typed");

        await Expect(tab.Page.Locator("#send-api-id")).ToHaveValueAsync("ExampleAccount");
        await Expect(body).ToHaveValueAsync("typed");
    }

    [Fact]
    public async Task Account_that_is_used_before_the_form_is_filled_in_stays_in_the_form()
    {
        await using var tab = await running.OpenAsync();
        var account = Guid.NewGuid();
        await running.PostAsync($$"""{"Status":"started","AccountId":"{{account}}","MarketplaceIntegrationPackageId":1234}""");
        await tab.Row(account).GetByRole(AriaRole.Link).ClickAsync();
        var bodies = await ReloadWithoutBodiesAsync(tab);
        await Expect(tab.Page.Locator(".package")).ToBeVisibleAsync();

        await tab.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Use in Send" }).ClickAsync();
        bodies.SetResult();

        await Expect(tab.Page.Locator("#send-fields")).ToBeEnabledAsync();
        await Expect(tab.Page.Locator("#send-account")).ToHaveValueAsync(account.ToString());
    }

    [Fact]
    public async Task Notification_posted_elsewhere_appears_without_a_reload()
    {
        await using var tab = await running.OpenAsync();
        await Expect(tab.Page.Locator("#chip-live")).ToHaveTextAsync("Live");
        var account = Guid.NewGuid();

        var response = await running.PostAsync(
            $$"""{"Status":"started","AccountId":"{{account}}","MarketplaceIntegrationPackageId":77}""");

        await Expect(tab.Row(account, 77).Locator(".badge").First).ToHaveTextAsync("started");
        var arrived = tab.Page.Locator($"#feed-rows tr[data-id='{response["notificationId"]}']");
        await Expect(arrived).ToContainTextAsync("projected");
        await Expect(arrived.Locator(".number")).ToContainTextAsync("s");
        await Expect(tab.Page.Locator("#counts-text")).ToContainTextAsync("started");
    }

    [Fact]
    public async Task Rejected_body_shows_its_errors_and_becomes_a_dead_letter()
    {
        await using var tab = await running.OpenAsync();
        var marker = Guid.NewGuid().ToString();

        await tab.SendBodyAsync($$"""{"Status": "installed", "marker": "{{marker}}"}""");

        var deadLetter = await tab.DeadLetterAsync();
        await Expect(tab.Page.Locator("#response .errors")).ToContainTextAsync("AccountId");
        await Expect(deadLetter).ToContainTextAsync("invalid-notification");
        await deadLetter.GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "Body" }).ClickAsync();
        await Expect(deadLetter.Locator("pre")).ToContainTextAsync(marker);
    }

    [Fact]
    public async Task Unreadable_message_becomes_a_dead_letter_of_kind_failed()
    {
        await using var tab = await running.OpenAsync();
        var id = await running.PutUnreadableMessageAsync();

        await tab.Page.GetByLabel("Kind").SelectOptionAsync("failed");

        var deadLetter = tab.Page.Locator($"#dead-letters > li[data-id='{id}']");
        await Expect(deadLetter).ToContainTextAsync("unreadable-envelope");
        await Expect(tab.Page.Locator($"#feed-rows tr[data-id='{id}']")).ToContainTextAsync("dead letter");
    }

    [Fact]
    public async Task Status_lists_what_the_status_command_lists()
    {
        await using var tab = await running.OpenAsync();
        await running.PostAsync("""{"Status":"installed"}""");

        var rows = tab.Page.Locator("#status-rows tr");
        await Expect(rows.Filter(new LocatorFilterOptions { HasText = "rejected, invalid-notification" })).ToBeVisibleAsync();
        await Expect(rows.Filter(new LocatorFilterOptions { HasText = "Messages on the queue" })).ToBeVisibleAsync();
        await Expect(tab.Page.Locator("#status-problems")).ToContainTextAsync("dead letters that were not redriven");

        using var command = await CliProcess.RunAsync(running.Connection, "status");
        foreach (var problem in await tab.Page.Locator("#status-problems li:not(#installs-with-errors)").AllInnerTextsAsync())
        {
            Assert.Contains(problem, command.Output.Replace("`", "", StringComparison.Ordinal), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Failed_message_is_redriven_after_its_cause_was_fixed()
    {
        await using var tab = await running.OpenAsync();
        var account = Guid.NewGuid();
        var id = await running.PutMessageWithMissingPayloadAsync();
        var deadLetter = tab.Page.Locator($"#dead-letters > li[data-id='{id}']");
        await Expect(deadLetter).ToContainTextAsync("projection-failed");

        await running.PutPayloadAsync(
            id, account, $$"""{"Status":"started","AccountId":"{{account}}","MarketplaceIntegrationPackageId":1234}""");
        await deadLetter.GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "Redrive" }).ClickAsync();

        await Expect(tab.Row(account).Locator(".badge").First).ToHaveTextAsync("started");
        await Expect(deadLetter).ToContainTextAsync("redriven");
    }

    [Fact]
    public async Task Redrive_of_a_body_that_is_still_invalid_shows_the_reason()
    {
        await using var tab = await running.OpenAsync();
        var response = await running.PostAsync("""{"Status":"installed"}""");
        var deadLetter = tab.Page.Locator($"#dead-letters > li[data-id='{response["notificationId"]}']");

        await deadLetter.GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "Redrive" }).ClickAsync();

        await Expect(deadLetter).ToContainTextAsync("Not redriven:");
        await Expect(deadLetter).ToContainTextAsync("AccountId");
    }

    [Fact]
    public async Task Webhook_url_is_masked_until_it_is_clicked()
    {
        await using var tab = await running.OpenAsync();
        var account = Guid.NewGuid();
        await tab.SendAsync("installed", account);
        await tab.Row(account).GetByRole(AriaRole.Link).ClickAsync();

        var url = tab.Page.Locator(".secret");
        await Expect(url).ToHaveTextAsync("https://example.com/••••••••");
        await Expect(tab.Page.Locator(".package .errors")).ToHaveCountAsync(0);
        await url.ClickAsync();
        await Expect(url).ToHaveTextAsync("https://example.com/api/webhook/abcdefg");
        await url.ClickAsync();
        await Expect(url).ToHaveTextAsync("https://example.com/••••••••");
    }

    [Fact]
    public async Task Account_page_shows_the_history_with_bodies()
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
    public async Task User_agent_is_shown_in_the_history_and_with_a_dead_letter()
    {
        await using var tab = await running.OpenAsync();
        var account = Guid.NewGuid();
        await running.PostAsync($$"""{"Status":"started","AccountId":"{{account}}","MarketplaceIntegrationPackageId":77}""");
        var rejected = await running.PostAsync("{}");

        await Expect(tab.Page.Locator($"#dead-letters > li[data-id='{rejected["notificationId"]}'] .user-agent"))
            .ToHaveTextAsync($"User-Agent: {RunningDashboard.UserAgent}");
        await tab.Row(account, 77).GetByRole(AriaRole.Link).ClickAsync();
        await tab.Page.Locator("#history-rows").GetByRole(AriaRole.Button).ClickAsync();
        await Expect(tab.Page.Locator("#history-rows .user-agent"))
            .ToHaveTextAsync($"User-Agent: {RunningDashboard.UserAgent}");
    }

    [Fact]
    public async Task Scenario_of_late_and_repeated_deliveries_ends_with_the_expected_rows()
    {
        await using var tab = await running.OpenAsync();

        await tab.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Play the scenario" }).ClickAsync();

        await Expect(tab.Page.Locator(".checks li.done")).ToHaveCountAsync(3);
        await Expect(tab.Page.Locator("#history-rows tr.change")).ToHaveCountAsync(13);
        await Expect(tab.Page.Locator("#timeline-text")).ToHaveTextAsync(
            "Package 1201: installed, stopped, started, uninstalled, installed, started. "
            + "Package 1202: installed, stopped, started, stopped. Package 1203: installed, started, uninstalled");
        Assert.True(
            await tab.Page.EvaluateAsync<bool>(
                "() => Boolean(Chart.getChart(document.querySelector('#timeline-chart canvas')))"));
    }

    [Fact]
    public async Task Command_in_a_problem_leads_to_the_section_that_shows_the_same()
    {
        await using var tab = await running.OpenAsync();
        await running.PostAsync("{}");

        await tab.Page.Locator("#status-problems")
            .GetByRole(AriaRole.Link, new LocatorGetByRoleOptions { Name = "deadletters" }).ClickAsync();

        await Expect(tab.Page.Locator("#dead-letters-title")).ToBeFocusedAsync();
        await Expect(tab.Page.Locator("#dead-letters-title")).ToBeInViewportAsync();
    }

    [Fact]
    public async Task Rejection_is_shown_in_sentences()
    {
        await using var tab = await running.OpenAsync();

        var response = await running.PostAsync("{}");

        await Expect(tab.Page.Locator($"#feed-rows tr[data-id='{response["notificationId"]}'] .detail")).ToHaveTextAsync(
            "400 Status is required: text of 1 to 64 characters. AccountId is required: a GUID. "
            + "MarketplaceIntegrationPackageId is required: an integer from 1 to 9223372036854775807.");
    }

    [Fact]
    public async Task Times_are_UTC_in_any_time_zone()
    {
        await using var tab = await running.OpenAsync(new TabOptions { TimeZone = "Asia/Kolkata" });
        var response = await running.PostAsync("{}");
        var receivedAt = DateTimeOffset.UtcNow;

        var time = tab.Page.Locator($"#feed-rows tr[data-id='{response["notificationId"]}'] time");
        var shown = DateTimeOffset.Parse((await time.GetAttributeAsync("datetime"))!, CultureInfo.InvariantCulture);

        Assert.InRange(shown, receivedAt.AddMinutes(-1), receivedAt);
        await Expect(time).ToHaveTextAsync(shown.UtcDateTime.ToString("HH:mm:ss", CultureInfo.InvariantCulture));
        await Expect(tab.Page.Locator("thead:has(+ #feed-rows) th").First).ToHaveTextAsync("Received (UTC)");
        await Expect(tab.Page.Locator($"#dead-letters > li[data-id='{response["notificationId"]}'] .hint").First)
            .ToContainTextAsync($"{shown.UtcDateTime.ToString("HH:mm:ss", CultureInfo.InvariantCulture)} UTC");
    }

    [Fact]
    public async Task Header_shows_queue_lengths_and_health()
    {
        await using var tab = await running.OpenAsync();

        await Expect(tab.Page.Locator("#chip-health")).ToHaveTextAsync("Healthy");
        await Expect(tab.Page.Locator("#queue-length")).ToHaveTextAsync(new System.Text.RegularExpressions.Regex("^[0-9]+$"));
        await Expect(tab.Page.Locator("#poison-length")).ToHaveTextAsync(new System.Text.RegularExpressions.Regex("^[0-9]+$"));
    }

    [Fact]
    public async Task Token_is_removed_from_the_address_bar_and_survives_a_reload()
    {
        await using var tab = await running.OpenAsync();

        await Expect(tab.Page.Locator("#layout")).ToBeVisibleAsync();
        Assert.DoesNotContain(running.Token, tab.Page.Url, StringComparison.Ordinal);
        await tab.Page.ReloadAsync();
        await Expect(tab.Page.Locator("#chip-live")).ToHaveTextAsync("Live");
    }

    [Fact]
    public async Task Page_without_a_token_asks_for_the_printed_address()
    {
        await using var tab = await running.OpenAsync(address: running.BaseAddress);

        await Expect(tab.Page.Locator("#locked")).ToBeVisibleAsync();
        await Expect(tab.Page.Locator("#layout")).ToBeHiddenAsync();
        await tab.Page.GetByLabel("Address or token").FillAsync(running.Url.ToString());
        await tab.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Open" }).ClickAsync();
        await Expect(tab.Page.Locator("#chip-live")).ToHaveTextAsync("Live");
    }

    [Fact]
    public async Task Wrong_token_is_distinguished_from_a_missing_one()
    {
        var address = new Uri(running.BaseAddress, $"/#token={new string('0', 48)}");
        await using var tab = await running.OpenAsync(new TabOptions { HasFailedRequests = true }, address);

        var reason = tab.Page.Locator("#locked-reason");
        await Expect(reason).ToContainTextAsync("The token is of another run");
        await tab.Page.GetByLabel("Address or token").FillAsync("http://127.0.0.1:7071/");
        await tab.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Open" }).ClickAsync();
        await Expect(reason).ToContainTextAsync("That is not a token");
        await tab.Page.GetByLabel("Address or token").FillAsync(running.Token);
        await tab.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Open" }).ClickAsync();
        await Expect(tab.Page.Locator("#chip-live")).ToHaveTextAsync("Live");
    }

    /// <returns>Lets the documented bodies arrive.</returns>
    private static async Task<TaskCompletionSource> ReloadWithoutBodiesAsync(Tab tab)
    {
        var bodies = new TaskCompletionSource();
        await tab.Page.RouteAsync("**/page/bodies", async route =>
        {
            await bodies.Task;
            await route.ContinueAsync();
        });
        await tab.Page.ReloadAsync();
        return bodies;
    }
}
