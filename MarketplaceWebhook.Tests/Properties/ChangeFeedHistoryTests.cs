using System.Text;
using System.Text.Json;
using Azure.Data.Tables;
using Consumer;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Tests.ChangeFeed;
using MarketplaceWebhook.Tests.Support.Histories;
using MarketplaceWebhook.Tests.Support.MemoryStorage;
using MarketplaceWebhook.Tests.Support.MemoryTables;

namespace MarketplaceWebhook.Tests.Properties;

/// <summary>
/// Random histories with a change feed: any order, any repetition, any interleaving, with crashes and faults at any storage call.
/// </summary>
public sealed class ChangeFeedHistoryTests(ITestOutputHelper output)
{
    private static readonly int Histories = RandomCases.Times(250);

    [Fact]
    public async Task Every_change_in_the_table_is_on_the_feed_and_the_latest_id_is_that_of_the_table()
    {
        var (crashes, faults, projected, passedOn, repeated) = (0, 0, 0, 0, 0);
        for (var seed = 1; seed <= Histories; seed++)
        {
            var random = new Random(seed);
            var arrivals = AnyHistory.Arrivals(random);
            var steps = new Interleaving(random) { CrashesPerMille = 30, FaultsPerMille = 30 };
            var feed = new MemoryQueueClient("partner-changes", steps) { Hooks = steps.Hooks };

            var storage = await InterleavedProjection.RunAsync(steps, random, arrivals, copies: 2, pageSize: 3, feed);

            var events = feed.Texts
                .Select(text => JsonDocument.Parse(Encoding.UTF8.GetString(Convert.FromBase64String(text))).RootElement)
                .Select(e => (Id: e.GetProperty("id").GetString()!, Subject: e.GetProperty("subject").GetString()!))
                .ToList();
            var known = arrivals
                .Where(arrival => KnownStatus.Includes(arrival.Status.Trim().ToLowerInvariant()))
                .Select(arrival => arrival.Id).ToHashSet();
            Assert.Equal(known, events.Select(e => e.Id).ToHashSet());
            Assert.Equal(
                storage.Installs.Rows
                    .Where(row => !row.RowKey.Contains('_', StringComparison.Ordinal))
                    .Select(row => ($"{row.PartitionKey}/{row.RowKey}", row.GetString("StatusNotificationId")))
                    .Order(),
                events.GroupBy(e => e.Subject).Select(group => (group.Key, group.Select(e => e.Id).Max(StringComparer.Ordinal)!))
                    .Order());
            await AssertConsumerHasTheInstallsAsync(storage, feed, random);
            (crashes, faults) = (crashes + steps.Crashes, faults + steps.Faults);
            (projected, passedOn) = (projected + known.Count, passedOn + events.Count);
            repeated += events.Count - events.DistinctBy(e => e.Id).Count();
        }

        output.WriteLine(
            $"{Histories} histories, {projected} notifications with a known status, {crashes} crashes, {faults} faults: "
            + $"{passedOn} messages on the feed, none missing, {repeated} repeated");
        Assert.True(crashes > 0 && faults > 0);
    }

    /// <summary>The function of samples/Consumer, with the messages in any order, some of them twice.</summary>
    private static async Task AssertConsumerHasTheInstallsAsync(
        MemoryAccount storage, MemoryQueueClient feed, Random random)
    {
        var table = new MemoryTableClient("CustomerInstalls");
        var consumer = new CurrentInstalls(table);
        var messages = feed.Texts.SelectMany(text => Enumerable.Repeat(text, random.Next(1, 3))).ToArray();
        random.Shuffle(messages);
        foreach (var message in messages)
        {
            await consumer.RunAsync(Received.Change(Convert.FromBase64String(message)), CancellationToken.None);
        }

        Assert.Equal(
            storage.Installs.Rows.Where(row => !row.RowKey.Contains('_', StringComparison.Ordinal)).Select(Known),
            table.Rows.Select(Known));

        static (string, string, string, string?, int?) Known(TableEntity row) => (
            row.PartitionKey, row.RowKey, row.GetString("Status"), row.GetString("AccountApiId"), row.GetInt32("ErrorCount"));
    }
}
