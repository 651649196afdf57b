using MarketplaceWebhook.Notifications;
using Microsoft.Extensions.Time.Testing;

namespace MarketplaceWebhook.Tests.Receiving;

public sealed class NotificationIdsTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 10, 27, 30, 786, TimeSpan.Zero);

    private readonly FakeTimeProvider _time = new(Now);

    [Fact]
    public void Id_has_the_time_in_whole_milliseconds()
    {
        _time.Advance(TimeSpan.FromTicks(9_999));

        Assert.Equal(Now, new NotificationIds(_time).Next().ReceivedAt);
    }

    [Fact]
    public void Counter_starts_at_zero_in_each_millisecond()
    {
        var ids = new NotificationIds(_time);

        Assert.Equal(["7000", "7001", "7002"], Enumerable.Range(0, 3).Select(_ => ids.Next().ToString().Split('-')[2]));

        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal("7000", ids.Next().ToString().Split('-')[2]);
    }

    [Fact]
    public void Full_counter_moves_to_the_next_millisecond()
    {
        var ids = new NotificationIds(_time);
        var all = Enumerable.Range(0, 4_097).Select(_ => ids.Next()).ToList();

        Assert.Equal(Now, all[4_095].ReceivedAt);
        Assert.Equal(Now.AddMilliseconds(1), all[4_096].ReceivedAt);
        Assert.Equal("7000", all[4_096].ToString().Split('-')[2]);
        AssertRise(all);
    }

    [Fact]
    public void Last_millisecond_is_kept_if_the_clock_steps_back()
    {
        var ids = new NotificationIds(_time);
        var first = ids.Next();
        _time.AdjustTime(Now.AddHours(-1));
        var second = ids.Next();
        _time.AdjustTime(Now);
        var third = ids.Next();
        _time.AdjustTime(Now.AddMilliseconds(1));
        var fourth = ids.Next();

        Assert.Equal(
            [Now, Now, Now, Now.AddMilliseconds(1)], [first.ReceivedAt, second.ReceivedAt, third.ReceivedAt, fourth.ReceivedAt]);
        AssertRise([first, second, third, fourth]);
    }

    [Fact]
    public void Ids_are_unique_and_increasing_under_concurrency()
    {
        var ids = new NotificationIds(TimeProvider.System);
        var lists = new List<NotificationId>[4];

        Parallel.For(0, lists.Length, n => lists[n] = [.. Enumerable.Range(0, 5_000).Select(_ => ids.Next())]);

        Assert.All(lists, AssertRise);
        Assert.Equal(20_000, lists.SelectMany(list => list).Distinct().Count());
    }

    [Fact]
    public void Ids_of_two_processes_with_equal_counters_differ() =>
        Assert.NotEqual(new NotificationIds(_time).Next(), new NotificationIds(_time).Next());

    private static void AssertRise(IReadOnlyList<NotificationId> ids) =>
        Assert.All(ids.Zip(ids.Skip(1)), pair => Assert.True(
            string.CompareOrdinal(pair.First.ToString(), pair.Second.ToString()) < 0, $"{pair.First} before {pair.Second}"));
}
