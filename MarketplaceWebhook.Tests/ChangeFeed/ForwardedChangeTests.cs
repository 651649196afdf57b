using System.Text;
using MarketplaceWebhook.ChangeFeed;
using MarketplaceWebhook.Cli.Dashboard;
using MarketplaceWebhook.Installs;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.Tests.ChangeFeed;

/// <summary>A forwarded message as a row of the dashboard's list.</summary>
public sealed class ForwardedChangeTests
{
    [Fact]
    public void Change_of_an_earlier_run_is_shown_with_its_account_package_and_status()
    {
        var account = Guid.NewGuid();
        var message = ChangeEvent.Write(
            new StatusChange
            {
                Id = Ids.At(1),
                Source = SourceLabel.Default,
                Status = KnownStatus.Started,
                AccountId = account,
                AccountApiId = "customer-42",
                PackageId = long.MaxValue,
            },
            new Install
            {
                PackageId = long.MaxValue,
                Status = KnownStatus.Started,
                StatusNotificationId = Ids.At(1),
                Source = SourceLabel.Default,
            });

        Assert.Equal(
            new NotificationActivity
            {
                Id = Ids.At(1).ToString(),
                At = Ids.At(1).ReceivedAt,
                Outcome = Outcome.Projected,
                Status = "started",
                AccountId = account,
                AccountApiId = "customer-42",
                PackageId = "9223372036854775807",
            },
            ForwardedChange.Read(Encoding.UTF8.GetString(message.Span)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("not JSON")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"id":1,"data":{}}""")]
    [InlineData("""{"id":"not an id","data":{}}""")]
    [InlineData("""{"id":"019b76da-afd0-7000-8000-000000000002","data":[]}""")]
    [InlineData("""{"id":"019b76da-afd0-7000-8000-000000000002","data":{"status":1}}""")]
    [InlineData("""{"id":"019b76da-afd0-7000-8000-000000000002","data":{"status":"started","accountId":"x"}}""")]
    public void Message_of_something_else_is_not_shown(string text) => Assert.Null(ForwardedChange.Read(text));
}
