using MarketplaceWebhook.LocalHost;
using MarketplaceWebhook.LocalHost.Workers;
using Microsoft.Extensions.Time.Testing;

namespace MarketplaceWebhook.EndToEndTests.LocalHost;

public sealed class CrashLimitTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Third_crash_within_30_minutes_stops_the_real_host()
    {
        var crashes = new CrashLimit(_time);

        Assert.Equal(RealHostReaction.StartsItAgain, crashes.Add(1));
        _time.Advance(TimeSpan.FromMinutes(15));
        Assert.Equal(RealHostReaction.StartsItAgain, crashes.Add(137));
        _time.Advance(TimeSpan.FromMinutes(15));
        Assert.Equal(RealHostReaction.Stops, crashes.Add(1));
    }

    [Fact]
    public void Crashes_more_than_30_minutes_ago_no_longer_count()
    {
        var crashes = new CrashLimit(_time);

        crashes.Add(1);
        crashes.Add(1);
        _time.Advance(TimeSpan.FromMinutes(31));

        Assert.Equal(RealHostReaction.StartsItAgain, crashes.Add(1));
    }

    [Fact]
    public void Exit_code_200_is_not_counted()
    {
        var crashes = new CrashLimit(_time);

        crashes.Add(1);
        crashes.Add(1);

        Assert.Equal(RealHostReaction.StartsItAgain, crashes.Add(200));
    }
}
