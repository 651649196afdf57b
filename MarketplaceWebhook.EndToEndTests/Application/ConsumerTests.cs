using System.Collections.Concurrent;
using System.Net;
using Azure.Data.Tables;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using MarketplaceWebhook.LocalHost;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.EndToEndTests.Application;

/// <summary>
/// samples/Consumer as a process of its own behind the local host: its queue is in the application's storage account, its table
/// in another one.
/// </summary>
public sealed class ConsumerTests(AzuriteFixture azurite)
{
    private const string Feed = "partner-changes";

    private static readonly Guid Account = new("11111111-2222-3333-4444-555555555555");

    private readonly string _storage = azurite.NewAccount();
    private readonly string _partnerStorage = azurite.NewAccount();
    private readonly ConcurrentQueue<HostEvent> _seen = [];

    private QueueClient Queue(string name) =>
        new(_storage, name, new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 });

    private TableClient Table => new(_partnerStorage, "CustomerInstalls");

    [Fact]
    public async Task Customer_of_a_received_notification_is_in_the_partners_table()
    {
        await using var application = await StartApplicationAsync();
        await using var consumer = await StartConsumerAsync();

        await PostAsync(application, NotificationBody.Of("installed", Account, 1234, "customer-42"));

        var row = await RowAsync("installed");
        Assert.Equal(
            (Account.ToString(), "1234", "customer-42", 0),
            (row.PartitionKey, row.RowKey, row.GetString("AccountApiId"), row.GetInt32("ErrorCount")));
        Assert.DoesNotContain(
            await new TableServiceClient(_storage).QueryAsync(cancellationToken: Cancellation).ToListAsync(Cancellation),
            table => table.Name == Table.Name);
    }

    [Fact]
    public async Task Messages_in_any_order_and_twice_end_with_the_latest_and_one_that_is_no_change_is_poison()
    {
        await using var application = await StartApplicationAsync();
        foreach (var status in (string[])["installed", "started", "stopped"])
        {
            await PostAsync(application, NotificationBody.Of(status, Account, 1234, "customer-42"));
        }

        var messages = await TakeAsync(count: 3);
        foreach (var message in messages.OrderByDescending(message => message, StringComparer.Ordinal).Concat(messages))
        {
            await Queue(Feed).SendMessageAsync(message, Cancellation);
        }

        await Queue(Feed).SendMessageAsync("""{"id":"not a change"}""", Cancellation);
        await using var consumer = await StartConsumerAsync();

        var poison = await Wait.ForAsync(
            "the poison message", () => PeekAsync($"{Feed}-poison"), peeked => peeked is not null, Cancellation, details: Events);
        Assert.Equal("""{"id":"not a change"}""", poison!.Body.ToString());
        await Wait.ForAsync(
            "an empty feed",
            async () => (await Queue(Feed).GetPropertiesAsync(Cancellation)).Value.ApproximateMessagesCount,
            count => count == 0, Cancellation, details: Events);
        await RowAsync("stopped");
        Assert.Equal(6, _seen.OfType<QueueInvocation>().Count(invocation => invocation.Outcome == QueueOutcome.Completed));
    }

    private Task<EndToEndHost> StartApplicationAsync()
    {
        Assert.SkipUnless(EndToEndHost.IsLocal, "It needs settings of its own.");
        return EndToEndHost.StartLocalAsync(_storage, settings: new Dictionary<string, string?> { ["ChangeFeed"] = Feed });
    }

    private Task<LocalFunctionsHost> StartConsumerAsync()
    {
        var tests = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        return LocalFunctionsHost.StartAsync(
            new LocalFunctionsHostOptions
            {
                AppDirectory = Repository.PathOf($"samples/Consumer/bin/{tests.Parent!.Name}/{tests.Name}"),
                Key = "unused",
                StorageConnection = _partnerStorage,
                Environment = new Dictionary<string, string?>
                {
                    ["ChangeFeed"] = Feed,
                    ["MarketplaceChanges"] = _storage,
                    ["PartnerStorage"] = _partnerStorage,
                    ["AzureFunctionsJobHost__extensions__queues__visibilityTimeout"] = "00:00:00",
                    ["AzureFunctionsJobHost__extensions__queues__maxPollingInterval"] = "00:00:00.2",
                },
                Observe = _seen.Enqueue,
            },
            Cancellation);
    }

    private static async Task PostAsync(EndToEndHost application, string body)
    {
        using var response = await application.PostAsync(System.Text.Encoding.UTF8.GetBytes(body));
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
    }

    /// <summary>Receives and deletes so many messages of the feed.</summary>
    private async Task<List<string>> TakeAsync(int count)
    {
        var taken = new List<string>();
        await Wait.ForAsync(
            $"{count} messages",
            async () =>
            {
                foreach (var message in await ReceiveAsync())
                {
                    taken.Add(message.Body.ToString());
                    await Queue(Feed).DeleteMessageAsync(message.MessageId, message.PopReceipt, Cancellation);
                }

                return taken.Count;
            },
            number => number == count,
            Cancellation);
        return taken;
    }

    /// <summary>None until the application has created the queue.</summary>
    private async Task<QueueMessage[]> ReceiveAsync() => await Queue(Feed).ExistsAsync(Cancellation)
        ? (await Queue(Feed).ReceiveMessagesAsync(10, cancellationToken: Cancellation)).Value
        : [];

    private async Task<PeekedMessage?> PeekAsync(string queue) => await Queue(queue).ExistsAsync(Cancellation)
        ? (await Queue(queue).PeekMessageAsync(Cancellation)).Value
        : null;

    private async Task<TableEntity> RowAsync(string status) => (await Wait.ForAsync(
        $"a row with {status}",
        async () => await Rows.ListAsync(Table, Cancellation),
        rows => rows is [var row] && row.GetString("Status") == status,
        Cancellation,
        details: Events)).Single();

    private string Events() => string.Join('\n', _seen);
}
