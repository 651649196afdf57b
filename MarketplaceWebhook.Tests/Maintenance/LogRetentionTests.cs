using FsCheck;
using FsCheck.Fluent;
using MarketplaceWebhook.Installs;
using MarketplaceWebhook.Maintenance;
using MarketplaceWebhook.Tests.Properties;
using MarketplaceWebhook.Tests.Support;
using MarketplaceWebhook.Tests.Support.Histories;

namespace MarketplaceWebhook.Tests.Maintenance;

public sealed class LogRetentionTests
{
    /// <summary>Whatever was removed for its age, and whatever arrives later with any time at all.</summary>
    [Fact]
    public void Retained_notifications_give_the_rows_of_the_complete_history() =>
        Prop.ForAll(
            AnyHistory.Small(), AnyHistory.Small(),
            (history, later) =>
            {
                var changes = FoldedRows.Changes(history);
                var before = changes.Order(NewestFirst).ElementAt(new Random(history.Seed).Next(changes.Count)).Id;
                var kept = Needed(changes, change => change.Id >= before);
                // An arrival of both histories may have the id of another one: ids are given once.
                var arrivals = FoldedRows.Changes(later)
                    .ExceptBy(changes.Select(change => change.Id), change => change.Id).ToList();

                Assert.Equal(FoldedRows.Rows(changes), FoldedRows.Rows(kept));
                Assert.Equal(FoldedRows.Rows(changes.Concat(arrivals)), FoldedRows.Rows(kept.Concat(arrivals)));
            })
            .Check(Config.QuickThrowOnFailure.WithMaxTest(RandomCases.Times(500)));

    [Fact]
    public void Package_started_and_stopped_daily_retains_three_notifications()
    {
        var account = Guid.NewGuid();
        var changes = Enumerable.Range(0, 400).Select(day => FoldedRows.Change(
            Ids.Minute(day * 24 * 60),
            NotificationBody.Of(day == 0 ? "installed" : day % 2 == 0 ? "started" : "stopped", account)));

        Assert.Equal(3, Needed(changes, _ => false).Count);
    }

    private static Comparer<StatusChange> NewestFirst =>
        Comparer<StatusChange>.Create((one, other) => other.Id.CompareTo(one.Id));

    private static List<StatusChange> Needed(IEnumerable<StatusChange> changes, Func<StatusChange, bool> stays)
    {
        var needed = changes.GroupBy(change => change.AccountId).SelectMany(account =>
        {
            var fold = new LogRetention();
            return account.Order(NewestFirst).Where(change => fold.Needs(change) | stays(change)).ToList();
        });
        return [.. needed];
    }
}
