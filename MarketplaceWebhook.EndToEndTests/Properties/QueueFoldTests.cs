using MarketplaceWebhook.LocalHost;
using MarketplaceWebhook.Tests.Support;
using MarketplaceWebhook.Tests.Support.Histories;

namespace MarketplaceWebhook.EndToEndTests.Properties;

/// <summary>The fold again, through the whole application on Azurite: histories put straight into the queue.</summary>
public sealed class QueueFoldTests(AzuriteFixture azurite, ITestOutputHelper output)
{
    private readonly string _storage = azurite.NewAccount();

    [Fact]
    public async Task Histories_sent_to_the_queue_give_the_rows_of_the_sorted_history()
    {
        const int Histories = 40;
        await using var application = await ProxiedApplication.StartAsync(_storage);
        var seed = Random.Shared.Next();
        output.WriteLine($"Seed {seed}");
        var random = new Random(seed);

        // Each history in accounts of its own, all of them at once.
        var arrivals = Enumerable.Range(1, Histories).SelectMany(number => OfAccounts(number, random)).ToArray();
        var deliveries = arrivals.SelectMany(arrival => Enumerable.Repeat(arrival, random.Next(1, 4))).ToArray();
        random.Shuffle(deliveries);
        await Parallel.ForEachAsync(
            deliveries, Cancellation, async (arrival, _) => await application.PutAsync(arrival));
        await application.UntilQueuesAreEmptyAsync();

        await application.AssertRowsAsync(arrivals);
    }

    [Fact]
    public async Task Two_hundred_concurrent_notifications_of_one_package_give_the_correct_rows()
    {
        const int Notifications = 200;
        await using var application = await ProxiedApplication.StartAsync(_storage);
        var races = new RaceCount();
        application.Proxy.After = races.CountAsync;
        var random = new Random(1);
        var arrivals = Enumerable.Range(0, Notifications).Select(number => new Arrival
        {
            Millisecond = 1_790_000_000_000 + (number / 3),
            Counter = number % 3,
            Status = (number % 5) switch { 0 or 1 => "installed", 2 => "uninstalled", 3 => "started", _ => "stopped" },
            Account = Guid.Empty,
            Package = 1,
            Cycles = ArrivedCycle.Many(random.Next(4)),
        }).ToArray();
        random.Shuffle(arrivals);

        await Parallel.ForEachAsync(arrivals, Cancellation, async (arrival, _) => await application.PutAsync(arrival));
        await application.UntilQueuesAreEmptyAsync();

        await application.AssertRowsAsync(arrivals);
        Assert.Empty(await Rows.ListAsync(application.Storage.DeadLetters, Cancellation));
        Assert.Empty(application.Events.OfType<MessagePoisoned>());
        output.WriteLine($"{Notifications} notifications of one package: {races.Lost} lost races");
    }

    private static IEnumerable<Arrival> OfAccounts(int number, Random random) =>
        AnyHistory.Arrivals(random).Select(arrival => arrival with
        {
            Account = new Guid(number, arrival.Account == Guid.Empty ? (short)0 : (short)1, 0, new byte[8]),
            Millisecond = arrival.Millisecond + (number * 1_000),
        });
}
