using System.Text.RegularExpressions;
using MarketplaceWebhook.ChangeFeed;
using MarketplaceWebhook.Installs;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Tests.Properties;
using MarketplaceWebhook.Tests.Support;
using MarketplaceWebhook.Tests.Support.MemoryTables;
using CurrentInstalls = Consumer.CurrentInstalls;

namespace MarketplaceWebhook.Tests.ChangeFeed;

/// <summary>The function of samples/Consumer.</summary>
public sealed partial class CurrentInstallsTests
{
    private const int Messages = 4;

    private static readonly Guid Account = new("11111111-2222-3333-4444-555555555555");

    [Fact]
    public void Code_in_the_document_is_that_of_the_sample()
    {
        var file = Repository.Read("samples/Consumer/CurrentInstalls.cs");
        var blocks = CodeBlock().Matches(Repository.Read("docs/change-feed.md")).Select(match => match.Groups["code"].Value);

        Assert.All(blocks, code => Assert.Contains(code, file, StringComparison.Ordinal));
        Assert.Single(blocks);
    }

    [Fact]
    public async Task Errors_of_an_installed_that_arrives_after_a_later_change_are_kept()
    {
        var table = new MemoryTableClient("CustomerInstalls");
        var consumer = new CurrentInstalls(table);

        await consumer.RunAsync(Event(2, KnownStatus.Started), CancellationToken.None);
        await consumer.RunAsync(Event(1, KnownStatus.Installed, errors: 3), CancellationToken.None);
        await consumer.RunAsync(Event(3, KnownStatus.Stopped, errors: 3), CancellationToken.None);

        var row = Assert.Single(table.Rows);
        Assert.Equal(("stopped", 3), (row.GetString("Status"), row.GetInt32("ErrorCount")));
    }

    /// <summary>Four messages in each of the 4⁶ sequences of six deliveries that have all of them at least once.</summary>
    [Fact]
    public async Task Every_order_and_repetition_ends_with_the_latest_id()
    {
        var deliveries = Enumerable.Range(1, Messages).Select(Numbered).ToArray();
        var sequences = Sequences(length: 6).Where(sequence => sequence.Distinct().Count() == Messages).ToList();

        foreach (var sequence in sequences)
        {
            var table = new MemoryTableClient("CustomerInstalls");
            var consumer = new CurrentInstalls(table);
            foreach (var number in sequence)
            {
                await consumer.RunAsync(deliveries[number], CancellationToken.None);
            }

            AssertLatest(table);
        }

        Assert.Equal(1560, sequences.Count);
    }

    /// <summary>As on the queue: a delivery that fails comes again.</summary>
    [Fact]
    public async Task Concurrent_deliveries_end_with_the_latest_id()
    {
        for (var seed = 1; seed <= 500; seed++)
        {
            var random = new Random(seed);
            var steps = new Interleaving(random) { CrashesPerMille = 50 };
            var table = new MemoryTableClient("CustomerInstalls") { Hooks = steps.Hooks };
            var consumer = new CurrentInstalls(table);
            var deliveries = Enumerable.Range(1, Messages)
                .SelectMany(number => Enumerable.Repeat(Numbered(number), random.Next(1, 4))).ToArray();
            random.Shuffle(deliveries);

            await steps.RunAsync(
                deliveries.Select(change => (Func<Task>)(() => consumer.RunAsync(change, CancellationToken.None))),
                atOnce: 3, Cancellation);

            AssertLatest(table);
        }
    }

    private static void AssertLatest(MemoryTableClient table)
    {
        var row = Assert.Single(table.Rows);
        Assert.Equal(
            ($"{Account}", "1234", Ids.At(Messages).ToString(), "stopped"),
            (row.PartitionKey, row.RowKey, row.GetString("LatestId"), row.GetString("Status")));
    }

    private static IEnumerable<int[]> Sequences(int length) => length == 0
        ? [[]]
        : Sequences(length - 1).SelectMany(
            sequence => Enumerable.Range(0, Messages).Select(number => sequence.Append(number).ToArray()));

    private static Consumer.ChangeEvent Numbered(int number) =>
        Event(number, number % 2 == 0 ? KnownStatus.Stopped : KnownStatus.Started);

    private static Consumer.ChangeEvent Event(int second, string status, int? errors = null) => Received.Change(ChangeEvent.Write(
        new StatusChange
        {
            Id = Ids.At(second),
            Source = SourceLabel.Default,
            Status = status,
            AccountId = Account,
            PackageId = 1234,
        },
        new Install
        {
            PackageId = 1234,
            Status = status,
            StatusNotificationId = Ids.At(second),
            ErrorCount = errors,
            Source = SourceLabel.Default,
        }));

    [GeneratedRegex("```csharp\n(?<code>.*?)```", RegexOptions.Singleline)]
    private static partial Regex CodeBlock();
}
