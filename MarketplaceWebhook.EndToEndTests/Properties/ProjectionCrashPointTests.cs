using System.Text.Json;
using Azure.Storage.Queues;
using MarketplaceWebhook.Tests.Support;
using MarketplaceWebhook.Tests.Support.Histories;

namespace MarketplaceWebhook.EndToEndTests.Properties;

/// <summary>A projection is killed, as in <see cref="CrashPointTests"/>.</summary>
public sealed class ProjectionCrashPointTests(AzuriteFixture azurite, ITestOutputHelper output)
{
    // Two transactions each.
    private const string Adds = "adds";
    private const string Removes = "removes";

    private const string ChangeFeed = "partner-changes";

    private readonly string _storage = azurite.NewAccount();

    [Fact]
    public async Task Projection_killed_at_any_storage_call_ends_in_the_same_rows_and_passes_the_change_on()
    {
        await using var application = await ProxiedApplication.StartAsync(
            _storage, new Dictionary<string, string?> { ["ChangeFeed"] = ChangeFeed });
        var arrivals = new List<Arrival>();
        foreach (var name in new[] { Adds, Removes })
        {
            var tried = await CrashPoint.KillAtEachAsync(application, async point =>
            {
                var (before, killed) = Package(name, arrivals.Count);
                arrivals.AddRange([before, killed]);
                await application.PutAsync(before);
                await application.UntilQueuesAreEmptyAsync();

                point.Arm();
                await application.PutAsync(killed);
                await application.UntilQueuesAreEmptyAsync();
            });
            output.WriteLine($"A projection that {name} 150 cycles: {tried} crash points");
        }

        await application.AssertRowsAsync(arrivals);
        Assert.Empty(await Rows.ListAsync(application.Storage.DeadLetters, Cancellation));
        var passedOn = await PassedOnAsync();
        output.WriteLine($"{arrivals.Count} notifications, {passedOn.Count} messages on the change feed");
        Assert.Equal(arrivals.Select(arrival => arrival.Id).ToHashSet(), passedOn.ToHashSet());
    }

    /// <summary>The ids of all messages on the change feed, which are received and not deleted.</summary>
    private async Task<List<string>> PassedOnAsync()
    {
        var feed = new QueueClient(
            _storage, ChangeFeed, new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 });
        var ids = new List<string>();
        while ((await feed.ReceiveMessagesAsync(32, TimeSpan.FromHours(1), Cancellation)).Value is { Length: > 0 } messages)
        {
            ids.AddRange(messages.Select(
                message => JsonDocument.Parse(message.Body).RootElement.GetProperty("id").GetString()!));
        }

        return ids;
    }

    private static (Arrival Before, Arrival Killed) Package(string name, int number)
    {
        Arrival arrival(string status, int counter, int cycles) => new()
        {
            Millisecond = 1_790_000_000_000 + number,
            Counter = counter,
            Status = status,
            Account = new Guid(number, 0, 0, new byte[8]),
            Package = 12,
            AccountApiId = $"customer {number}, {status}",
            Cycles = ArrivedCycle.Many(cycles),
        };
        return name == Adds
            ? (arrival("installed", 0, 3), arrival("started", 1, 150))
            : (arrival("installed", 0, 150), arrival("uninstalled", 1, 0));
    }
}
