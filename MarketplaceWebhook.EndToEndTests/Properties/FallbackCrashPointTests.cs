using System.Text;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Projecting;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;
using MarketplaceWebhook.Tests.Support.Faults;
using static MarketplaceWebhook.EndToEndTests.Properties.CrashPointTests;

namespace MarketplaceWebhook.EndToEndTests.Properties;

/// <summary>A receipt into and a move from the fallback storage are killed, as in <see cref="CrashPointTests"/>.</summary>
public sealed class FallbackCrashPointTests(AzuriteFixture azurite, ITestOutputHelper output)
{
    private readonly string _storage = azurite.NewAccount();

    [Fact]
    public async Task Receipt_by_the_fallback_storage_killed_at_any_call_loses_nothing_that_got_202()
    {
        var fallback = azurite.NewAccount();
        await using var unread = await FaultProxy.StartAsync(fallback, Cancellation);
        using var unmoved = unread.Break(Fault.ServerBusy, call => call.Operation == "Get Messages");
        await using var application = await ProxiedApplication.StartAsync(
            _storage, fallback: unread.ConnectionString);
        var accepted = new List<string>();
        var tried = await CrashPoint.KillAtEachAsync(application, async point =>
        {
            point.Arm();
            using var broken = application.Proxy.Break(Fault.Forbidden, call => !call.IsOfHost);
            string? id;
            do
            {
                id = await ReceiveAsync(application);
            }
            while (id is null);

            accepted.Add(id);
        });
        output.WriteLine($"A receipt by the fallback storage, its payload in a blob: {tried} crash points");

        var clients = new StorageClients(StorageSettings.FromConnectionString(fallback), StorageProfile.Fallback);
        PeekedMessage[] messages = await clients.Queue.PeekMessagesAsync(maxMessages: 32, Cancellation);
        var sent = messages.Where(message => message.MessageText != FallbackStorage.CheckText)
            .Select(message => Envelope.Read(message.MessageText)).ToList();
        Assert.Superset(accepted.ToHashSet(), sent.Select(envelope => envelope.Id.ToString()).ToHashSet());
        foreach (var envelope in sent)
        {
            Assert.NotEqual(0, (await envelope.GetPayloadAsync(new PayloadBlobs(clients), Cancellation)).Length);
        }
    }

    [Fact]
    public async Task Move_from_the_fallback_storage_killed_at_any_call_is_projected_once()
    {
        var fallback = azurite.NewAccount();
        await using var application = await ProxiedApplication.StartAsync(
            _storage, new Dictionary<string, string?> { ["AzureWebJobs.ProjectNotification.Disabled"] = "true" },
            fallback);
        var clients = new StorageClients(StorageSettings.FromConnectionString(fallback), StorageProfile.Fallback);
        var queue = new NotificationQueue(clients, new PayloadBlobs(clients));
        var ids = new NotificationIds(TimeProvider.System);
        var sent = new List<string>();
        var tried = await CrashPoint.KillAtEachAsync(application, async point =>
        {
            point.Arm();
            var id = ids.Next();
            sent.Add(id.ToString());
            await queue.SendAsync(
                new ReceivedNotification(
                    id, "default", TraceParent: null, UserAgent: null, Guid.Empty, Encoding.UTF8.GetBytes(LongArrival.Body())),
                Cancellation);
            await application.UntilAsync(
                "the queues are empty",
                async () => (await clients.Queue.GetPropertiesAsync()).Value.ApproximateMessagesCount == 0);
        });
        output.WriteLine($"A move from the fallback storage: {tried} crash points");

        await ProjectAsync(application.Storage.Queue);
        var log = await Rows.ListAsync(application.Storage.StatusChanges, Cancellation);
        Assert.Equal(sent, log.Select(row => row.GetString("NotificationId")).Order(StringComparer.Ordinal));
        Assert.Empty(await Rows.ListAsync(application.Storage.DeadLetters, Cancellation));
        Assert.DoesNotContain(
            await new PayloadBlobs(clients).ReadAsync(Cancellation).ToListAsync(Cancellation),
            blob => TableKeys.TryParseBlob(blob.Name, out _, out _));
    }

    private async Task ProjectAsync(QueueClient queue)
    {
        await using var app = new TestApp(_storage);
        while ((await queue.ReceiveMessageAsync(cancellationToken: Cancellation)).Value is { } message)
        {
            await app.Get<Projector>().ProjectAsync(message.MessageText, Cancellation);
            await queue.DeleteMessageAsync(message.MessageId, message.PopReceipt, Cancellation);
        }
    }
}
