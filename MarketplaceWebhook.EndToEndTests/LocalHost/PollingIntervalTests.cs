using MarketplaceWebhook.LocalHost.Queues;

namespace MarketplaceWebhook.EndToEndTests.LocalHost;

public sealed class PollingIntervalTests
{
    [Fact]
    public void Polling_interval_grows_from_100_ms_to_the_maximum_and_restarts_after_a_message()
    {
        var interval = new PollingInterval(TimeSpan.FromSeconds(2));

        var pauses = Enumerable.Range(0, 100).Select(_ => interval.Next()).ToList();
        interval.Reset();

        Assert.Equal(TimeSpan.FromMilliseconds(100), pauses[0]);
        Assert.InRange(pauses[1], TimeSpan.FromMilliseconds(180), TimeSpan.FromMilliseconds(220));
        Assert.InRange(pauses[2], TimeSpan.FromMilliseconds(340), TimeSpan.FromMilliseconds(460));
        Assert.All(pauses.Skip(6), pause => Assert.Equal(TimeSpan.FromSeconds(2), pause));
        Assert.Equal(TimeSpan.FromMilliseconds(100), interval.Next());
    }
}
