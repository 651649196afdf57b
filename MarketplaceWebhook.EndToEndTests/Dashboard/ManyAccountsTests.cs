using System.Diagnostics;
using System.Globalization;
using MarketplaceWebhook.Installs;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;
using Microsoft.Playwright;

using static Microsoft.Playwright.Assertions;

namespace MarketplaceWebhook.EndToEndTests.Dashboard;

[Collection(nameof(Chromium))]
public sealed class ManyAccountsTests(RunningDashboard running) : IClassFixture<RunningDashboard>
{
    private const int Accounts = 5_000;

    [Fact]
    public async Task List_of_5000_accounts_is_paged_and_filtered()
    {
        await FillAsync();
        var started = Stopwatch.GetTimestamp();
        await using var tab = await running.OpenAsync();
        var rows = tab.Page.Locator("#installs-rows tr");
        await Expect(rows).ToHaveCountAsync(25);
        Report($"Page with its first 25 of {Accounts} accounts", started);

        await tab.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Show more" }).First.ClickAsync();
        await Expect(rows).ToHaveCountAsync(50);
        Assert.Equal(AccountId(0).ToString(), await rows.Nth(0).Locator("code").TextContentAsync());
        Assert.Equal(AccountId(49).ToString(), await rows.Nth(49).Locator("code").TextContentAsync());

        started = Stopwatch.GetTimestamp();
        await tab.Page.GetByPlaceholder("API id begins with").FillAsync("Customer 4321");
        await Expect(rows).ToHaveCountAsync(1);
        await Expect(rows).ToContainTextAsync(AccountId(4321).ToString());
        Report("Filter by API id", started);

        await tab.Page.GetByPlaceholder("API id begins with").FillAsync("");
        await tab.Page.GetByPlaceholder("Account id").FillAsync("0000138");
        await Expect(rows).ToHaveCountAsync(8);
        await tab.Page.GetByPlaceholder("Account id").FillAsync("");
        await tab.Page.Locator("#filter-status").SelectOptionAsync("stopped");
        await Expect(rows.Nth(24)).ToContainTextAsync("stopped");
        await Expect(rows.Filter(new LocatorFilterOptions { HasText = "stopped" })).ToHaveCountAsync(25);
    }

    private static Guid AccountId(int number) =>
        Guid.Parse($"{number:x8}-0000-4000-8000-000000000000", CultureInfo.InvariantCulture);

    private async Task FillAsync()
    {
        var table = new StorageClients(running.Storage).Installs;
        await table.CreateIfNotExistsAsync(Cancellation);
        var now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        await Parallel.ForEachAsync(
            Enumerable.Range(0, Accounts),
            new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = Cancellation },
            async (number, token) =>
            {
                var id = NotificationId.Create(now - (number * 60_000L), counter: 0, (ulong)number);
                var install = new Install
                {
                    PackageId = 1234,
                    Status = KnownStatus.All[number % KnownStatus.All.Count],
                    StatusNotificationId = id,
                    InstalledNotificationId = id,
                    AccountApiId = $"Customer {number}",
                    Source = "default",
                    ErrorCount = 0,
                };
                await table.AddEntityAsync(install.ToEntity(AccountId(number)), token);
            });
    }

    private static void Report(string what, long started) =>
        TestContext.Current.TestOutputHelper?.WriteLine($"{what}: {Stopwatch.GetElapsedTime(started).TotalMilliseconds:0} ms");
}
