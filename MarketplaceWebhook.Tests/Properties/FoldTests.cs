using FsCheck;
using FsCheck.Fluent;
using MarketplaceWebhook.Tests.Support.Histories;

namespace MarketplaceWebhook.Tests.Properties;

/// <summary>
/// Any order, any repetition, any interleaving of concurrent deliveries, with crashes and faults at any storage call, gives
/// exactly the rows of the sorted history applied once.
/// </summary>
public sealed class FoldTests
{
    [Fact]
    public void Any_delivery_order_gives_the_rows_of_the_sorted_history() =>
        Prop.ForAll(AnyHistory.Small(), history => DeliverAsync(history, pageSize: 3, danger: 10))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(RandomCases.Times(250)));

    [Fact]
    public void Any_delivery_order_gives_the_rows_of_the_sorted_history_for_packages_over_100_rows() =>
        Prop.ForAll(AnyHistory.Large(), history => DeliverAsync(history, pageSize: 40, danger: 30))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(RandomCases.Times(25)));

    private static async Task DeliverAsync(History history, int pageSize, int danger)
    {
        var random = new Random(history.Seed);
        var faulty = random.Next(3); // a third of the histories knows neither crashes nor faults
        var steps = new Interleaving(random) { CrashesPerMille = danger * faulty, FaultsPerMille = danger * faulty };

        var storage = await InterleavedProjection.RunAsync(steps, random, history.Arrivals, copies: 3, pageSize);

        Assert.Equal(RowText.Lines(ReferenceFold.Installs(history.Arrivals)), RowText.Lines(storage.Installs.Rows));
        Assert.Equal(RowText.Lines(ReferenceFold.StatusChanges(history.Arrivals)), RowText.Lines(storage.StatusChanges.Rows));
        AccountRows.AssertEveryRowIsOfAnArrival(storage.Accounts.Rows, history.Arrivals);
    }
}
