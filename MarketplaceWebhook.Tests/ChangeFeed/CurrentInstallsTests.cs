using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Azure;
using MarketplaceWebhook.ChangeFeed;
using MarketplaceWebhook.Installs;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Tests.Properties;
using MarketplaceWebhook.Tests.Support;
using MarketplaceWebhook.Tests.Support.MemoryTables;

namespace MarketplaceWebhook.Tests.ChangeFeed;

/// <summary>The consumer in docs/change-feed.md.</summary>
public sealed partial class CurrentInstallsTests
{
    private const int Messages = 4;

    private static readonly Guid Account = new("11111111-2222-3333-4444-555555555555");

    [Fact]
    public void Document_has_the_compiled_consumer()
    {
        var file = Repository.Read("MarketplaceWebhook.Tests/ChangeFeed/CurrentInstalls.cs")
            .Replace($"namespace {typeof(CurrentInstalls).Namespace};\n\n", "", StringComparison.Ordinal);

        Assert.Equal(file, CodeBlock().Match(Repository.Read("docs/change-feed.md")).Groups["code"].Value);
    }

    /// <summary>Four messages in each of the 4⁶ sequences of six deliveries that have all of them at least once.</summary>
    [Fact]
    public async Task Every_order_and_repetition_ends_with_the_latest_id()
    {
        var deliveries = Enumerable.Range(1, Messages).Select(Text).ToArray();
        var sequences = Sequences(length: 6).Where(sequence => sequence.Distinct().Count() == Messages).ToList();

        foreach (var sequence in sequences)
        {
            var table = new MemoryTableClient("PartnerInstalls");
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
            var table = new MemoryTableClient("PartnerInstalls") { Hooks = steps.Hooks };
            var consumer = new CurrentInstalls(table);
            var deliveries = Enumerable.Range(1, Messages)
                .SelectMany(number => Enumerable.Repeat(Text(number), random.Next(1, 4))).ToArray();
            random.Shuffle(deliveries);

            await steps.RunAsync(
                deliveries.Select(message => (Func<Task>)(() => DeliverAsync(consumer, message))),
                atOnce: 3, Cancellation);

            AssertLatest(table);
        }
    }

    private static void AssertLatest(MemoryTableClient table)
    {
        var row = Assert.Single(table.Rows);
        Assert.Equal(
            ($"{Account}_1234", Ids.At(Messages).ToString()), (row.RowKey, row.GetString("LatestId")));
        Assert.Equal("stopped", (string?)JsonNode.Parse(row.GetString("Data"))!["status"]);
    }

    private static async Task DeliverAsync(CurrentInstalls consumer, string message)
    {
        while (true)
        {
            try
            {
                await consumer.RunAsync(message, CancellationToken.None);
                return;
            }
            catch (RequestFailedException e) when (e.Status is 409 or 412)
            {
            }
        }
    }

    private static IEnumerable<int[]> Sequences(int length) => length == 0
        ? [[]]
        : Sequences(length - 1).SelectMany(
            sequence => Enumerable.Range(0, Messages).Select(number => sequence.Append(number).ToArray()));

    private static string Text(int second) => Encoding.UTF8.GetString(ChangeEvent.Write(
        new StatusChange
        {
            Id = Ids.At(second),
            Source = SourceLabel.Default,
            Status = second % 2 == 0 ? KnownStatus.Stopped : KnownStatus.Started,
            AccountId = Account,
            PackageId = 1234,
        },
        new Install
        {
            PackageId = 1234,
            Status = KnownStatus.Stopped,
            StatusNotificationId = Ids.At(Messages),
            Source = SourceLabel.Default,
        }).Span);

    [GeneratedRegex("```csharp\n(?<code>.*?)```", RegexOptions.Singleline)]
    private static partial Regex CodeBlock();
}
