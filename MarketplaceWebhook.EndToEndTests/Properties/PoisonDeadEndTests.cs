using System.Globalization;
using System.Text;
using System.Xml.Linq;
using MarketplaceWebhook.Tests.Support;
using MarketplaceWebhook.Tests.Support.Faults;
using MarketplaceWebhook.Tests.Support.Histories;

namespace MarketplaceWebhook.EndToEndTests.Properties;

/// <summary>
/// A poison queue has no poison queue of its own: after its last delivery a message rests there until it expires.
/// RecordDeadLetter must never let it come to that.
/// </summary>
public sealed class PoisonDeadEndTests(AzuriteFixture azurite)
{
    private readonly string _storage = azurite.NewAccount();

    [Fact]
    public async Task Poison_message_is_put_back_while_tables_fail_and_recorded_once_they_work()
    {
        await using var application = await ProxiedApplication.StartAsync(_storage, ShortTimeLimit);
        var puts = new List<Put>();
        application.Proxy.After = (call, response) => RememberAsync(puts, call, response);

        using (application.Proxy.Break(Fault.Forbidden, call => call.Kind is StorageKind.Table))
        {
            await application.Storage.PoisonQueue.SendMessageAsync("no envelope", Cancellation);
            // More often than the host delivers one message: every time it is a new one.
            for (var turn = 1; turn <= 7; turn++)
            {
                await application.UntilAsync($"it is put back ({turn})", () => Task.FromResult(puts.Count >= turn));
                await application.UntilAsync("the old one is gone", async () => await CountAsync(application) == 1);
                Assert.True(puts[^1].ExpiresOn > DateTimeOffset.UtcNow.AddYears(100), "It would expire.");
                await ComeBackAtOnceAsync(application, puts[^1]);
            }
        }

        await application.UntilQueuesAreEmptyAsync();
        var deadLetter = Assert.Single(await Rows.ListAsync(application.Storage.DeadLetters, Cancellation));
        Assert.Equal(("failed", "no envelope"), (deadLetter.PartitionKey, deadLetter.GetString("Body")));
    }

    [Fact]
    public async Task Message_that_failed_with_the_tables_is_projected_once_they_work()
    {
        await using var application = await ProxiedApplication.StartAsync(_storage, ShortTimeLimit);
        var arrival =
            new Arrival { Millisecond = 1_790_000_000_000, Counter = 0, Status = "installed", Account = Guid.Empty, Package = 1 };
        var puts = new List<Put>();
        application.Proxy.After = (call, response) => RememberAsync(puts, call, response);

        using (application.Proxy.Break(Fault.ServerBusy, call => call.Kind is StorageKind.Table))
        {
            // Five deliveries, the poison queue, and RecordDeadLetter cannot write either.
            await application.PutAsync(arrival);
            await application.UntilAsync("it is put back", () => Task.FromResult(puts.Count >= 2));
        }

        await ComeBackAtOnceAsync(application, puts[^1]);
        await application.UntilQueuesAreEmptyAsync();
        await application.AssertRowsAsync([arrival]);
        Assert.Empty(await Rows.ListAsync(application.Storage.DeadLetters, Cancellation));
    }

    [Fact]
    public async Task Deeply_nested_message_is_recorded()
    {
        await using var application = await ProxiedApplication.StartAsync(_storage, ShortTimeLimit);
        // The host mixes the message's own objects into what it sends to the application: two levels deeper than they were.
        string[] messages = [.. Enumerable.Range(60, 8).Select(
            depth => string.Concat(Enumerable.Repeat("{\"a\":", depth - 1)) + "{}" + new string('}', depth - 1))];

        foreach (var message in messages)
        {
            await application.Storage.PoisonQueue.SendMessageAsync(message, Cancellation);
        }

        await application.UntilQueuesAreEmptyAsync();

        var deadLetters = await Rows.ListAsync(application.Storage.DeadLetters, Cancellation);
        Assert.Equal(
            messages.Order(StringComparer.Ordinal),
            deadLetters.Select(row => row.GetString("Body")).Order(StringComparer.Ordinal));
    }

    private static Dictionary<string, string?> ShortTimeLimit => new() { ["TimeLimits__Projecting"] = "00:00:00.5" };

    private static async Task<int> CountAsync(ProxiedApplication application) =>
        (await application.Storage.PoisonQueue.GetPropertiesAsync(Cancellation)).Value.ApproximateMessagesCount;

    /// <summary>It rests for 5 minutes; only who put it there can wake it.</summary>
    private static Task ComeBackAtOnceAsync(ProxiedApplication application, Put put) =>
        application.Storage.PoisonQueue.UpdateMessageAsync(
            put.Id, put.PopReceipt, visibilityTimeout: TimeSpan.Zero, cancellationToken: Cancellation);

    private static Task<Fault?> RememberAsync(List<Put> puts, StorageCall call, StorageResponse response)
    {
        if (call is { Operation: "Put Message" }
            && call.Resource.Contains("-poison", StringComparison.Ordinal) && response.Status == 201)
        {
            var xml = Encoding.UTF8.GetString(response.Content.Span).TrimStart('\uFEFF');
            var message = XDocument.Parse(xml).Descendants("QueueMessage").Single();
            puts.Add(new(
                message.Element("MessageId")!.Value,
                message.Element("PopReceipt")!.Value,
                DateTimeOffset.Parse(message.Element("ExpirationTime")!.Value, CultureInfo.InvariantCulture)));
        }

        return Task.FromResult<Fault?>(null);
    }

    private sealed record Put(string Id, string PopReceipt, DateTimeOffset ExpiresOn);
}
