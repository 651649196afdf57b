using System.Globalization;
using MarketplaceWebhook.Cli.Dashboard;
using MarketplaceWebhook.Installs;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.EndToEndTests.Dashboard;

public sealed class DashboardDataTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Timeline_has_a_bar_per_status_period_for_rows_in_any_order()
    {
        StatusChange[] changes =
        [
            Change(7, KnownStatus.Stopped, minutes: 30),
            Change(7, KnownStatus.Installed, minutes: 0),
            Change(9, KnownStatus.Installed, minutes: 5),
            Change(7, KnownStatus.Started, minutes: 10),
            Change(7, KnownStatus.Started, minutes: 20),
            Change(7, "probe", minutes: 25),
        ];

        var lanes = Timeline.Of(changes);

        Assert.Equal(["7", "9"], lanes.Select(lane => lane.PackageId));
        Assert.Equal(
            [
                new Timeline.Bar(KnownStatus.Installed, Now, Now.AddMinutes(10)),
                new Timeline.Bar(KnownStatus.Started, Now.AddMinutes(10), Now.AddMinutes(30)),
                new Timeline.Bar(KnownStatus.Stopped, Now.AddMinutes(30), To: null),
            ],
            lanes[0].Bars);
        Assert.Equal([new Timeline.Bar(KnownStatus.Installed, Now.AddMinutes(5), To: null)], lanes[1].Bars);
    }

    [Fact]
    public void Counts_assign_notifications_to_the_interval_of_their_receipt()
    {
        var range = TimeSpan.FromHours(1);
        var from = StatusCounts.Start(range, Now.AddSeconds(30));

        var counts = StatusCounts.Of(
            [
                (Id(minutes: 0), KnownStatus.Started),
                (Id(minutes: 0), KnownStatus.Started),
                (Id(minutes: -59), "probe"),
                (Id(minutes: -61), KnownStatus.Stopped),
            ],
            from, range, isCut: false);

        Assert.Equal(Now.AddMinutes(-59), from);
        Assert.Equal(60, counts.BucketSeconds);
        Assert.Equal(2, counts.ByStatus[KnownStatus.Started][^1]);
        Assert.Equal(1, counts.ByStatus[StatusCounts.Other][0]);
        Assert.Equal(0, counts.ByStatus[KnownStatus.Stopped].Sum());
    }

    [Fact]
    public void Scenario_delivers_out_of_order_and_repeats_some_deliveries()
    {
        var scenario = Scenario.Create(Guid.NewGuid(), "an account", Now, new Random(1));

        // As the page and docs/dashboard.md say.
        Assert.Equal(3, scenario.Expected.Count);
        Assert.Equal(TimeSpan.FromDays(10), Now - scenario.Deliveries.Min(delivery => delivery.Id.ReceivedAt));

        var firsts = scenario.Deliveries.Where(delivery => !delivery.IsRepeated).Select(delivery => delivery.Id).ToList();
        Assert.Equal(firsts.Count, firsts.Distinct().Count());
        Assert.NotEqual(firsts.Order(), firsts);
        Assert.Contains(scenario.Deliveries, delivery => delivery.IsRepeated);
        Assert.All(scenario.Deliveries, delivery => Assert.Equal(delivery.Id, Envelope.Read(delivery.MessageText).Id));
    }

    [Theory]
    [InlineData("https://example.com/api/webhook/abc?x=1#y", "https://example.com/••••••••")]
    [InlineData("https://user:secret@example.com:8443/abc", "https://example.com:8443/••••••••")]
    [InlineData("example.com/abc", "••••••••")]
    [InlineData("mailto:secret", "••••••••")]
    [InlineData("", "")]
    [InlineData(null, null)]
    public void Webhook_url_is_masked_but_for_its_origin(string? url, string? expected) =>
        Assert.Equal(expected, UrlMask.OfWebhook(url));

    [Theory]
    [InlineData("""{"Url":"https://example.com/abc","StepName":"a/b"}""", """{"Url":"https://example.com/••••••••","StepName":"a/b"}""")]
    [InlineData("""{"Url":"HTTPS:\/\/example.com\/abc\"def"}""", """{"Url":"HTTPS:\/\/example.com/••••••••"}""")]
    [InlineData("""{"Url":"http:\u002f\u002Fu:p@example.com\u002fabc"}""", """{"Url":"http:\u002f\u002Fexample.com/••••••••"}""")]
    [InlineData("no JSON, see https://example.com?abc and http://", "no JSON, see https://example.com/•••••••• and http:///••••••••")]
    public void Urls_in_a_body_are_masked(string body, string expected) => Assert.Equal(expected, UrlMask.Of(body));

    [Fact]
    public void Limits_are_those_that_are_documented() => Assert.All(
        (string[])
        [
            $"the last {ActivityFeed.MaxCount} notifications of this run",
            string.Create(CultureInfo.InvariantCulture, $"(at most {ReadEndpoints.MaxCounted:n0} notifications)"),
            string.Create(CultureInfo.InvariantCulture, $"last {ReadEndpoints.MaxTimelineChanges:n0} notifications of an"),
            $"in pages of {ReadEndpoints.InstallsPerPage},",
        ],
        text => Assert.Contains(text, OneLine(Repository.Read("docs/dashboard.md")), StringComparison.Ordinal));

    private static string OneLine(string text) =>
        string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    private static StatusChange Change(long package, string status, int minutes) => new()
    {
        Id = Id(minutes),
        AccountId = Guid.Empty,
        Source = "default",
        Status = status,
        PackageId = package,
    };

    private static NotificationId Id(int minutes) =>
        NotificationId.Create(Now.AddMinutes(minutes).ToUnixTimeMilliseconds(), counter: 0, (ulong)Random.Shared.NextInt64());
}
