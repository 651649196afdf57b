using System.Net;
using System.Text;
using System.Text.Json;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Projecting;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;
using MarketplaceWebhook.Tests.Support.Faults;
using MarketplaceWebhook.Tests.Support.Histories;

namespace MarketplaceWebhook.EndToEndTests.Properties;

/// <summary>
/// The application is killed before the first storage call of what it does, then after the first, after the second and so on
/// until none is left, and started again: same final rows, nothing lost, nothing twice. After one call is before the next: the
/// killed process leaves the same in storage.
/// </summary>
public sealed class CrashPointTests(AzuriteFixture azurite, ITestOutputHelper output)
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
            var tried = await KillAtEachCallAsync(application, async point =>
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

    [Fact]
    public async Task Receipt_killed_at_any_storage_call_loses_nothing_that_got_202()
    {
        await using var application = await ProxiedApplication.StartAsync(_storage);
        var accepted = new List<string>();
        var requests = 0;
        var tried = await KillAtEachCallAsync(application, async point =>
        {
            point.Arm();
            // Any response but 202 means unknown: it is sent again, as a new notification.
            string? id;
            do
            {
                requests++;
                id = await ReceiveAsync(application);
            }
            while (id is null);

            accepted.Add(id);
            await application.UntilQueuesAreEmptyAsync();
        });
        output.WriteLine($"A receipt, its payload in a blob, and its projection: {tried} crash points");

        var log = await Rows.ListAsync(application.Storage.StatusChanges, Cancellation);
        var logged = log.Select(row => row.GetString("NotificationId")).ToList();
        Assert.Superset(accepted.ToHashSet(), logged.ToHashSet());
        Assert.Equal(logged.Distinct().Count(), logged.Count);
        // A notification is there too if the worker was killed after storage had accepted it, without a response.
        Assert.InRange(logged.Count, accepted.Count, requests);
        var install = Assert.Single(await Rows.ListAsync(application.Storage.Installs, Cancellation));
        Assert.Equal(logged.Max(StringComparer.Ordinal), install.GetString("StatusNotificationId"));
        Assert.Empty(await Rows.ListAsync(application.Storage.DeadLetters, Cancellation));
    }

    [Fact]
    public async Task Rejection_killed_at_any_storage_call_is_stored_if_the_caller_got_a_response()
    {
        // Not UTF-8: kept in a blob, before the row.
        byte[] body = [0xff, 0xfe];
        await using var application = await ProxiedApplication.StartAsync(_storage);
        var rejected = 0;
        var tried = await KillAtEachCallAsync(application, async point =>
        {
            point.Arm();
            HttpStatusCode? status;
            do
            {
                using var response = await PostAsync(application, body);
                status = response?.StatusCode;
            }
            while (status != HttpStatusCode.BadRequest);

            rejected++;
        });
        output.WriteLine($"A rejection: {tried} crash points");

        var deadLetters = await Rows.ListAsync(application.Storage.DeadLetters, Cancellation);
        Assert.InRange(deadLetters.Count, rejected, rejected + (tried / 2));
        Assert.All(deadLetters, deadLetter => Assert.Equal("rejected", deadLetter.PartitionKey));
    }

    [Fact]
    public async Task Dead_letter_killed_at_any_storage_call_is_recorded_once()
    {
        await using var application = await ProxiedApplication.StartAsync(_storage);
        var messages = new List<string>();
        var tried = await KillAtEachCallAsync(application, async point =>
        {
            var message = $"no envelope {messages.Count}";
            messages.Add(message);
            point.Arm();
            await application.Storage.PoisonQueue.SendMessageAsync(message, Cancellation);
            await application.UntilQueuesAreEmptyAsync();
        });
        output.WriteLine($"A dead letter: {tried} crash points");

        var deadLetters = await Rows.ListAsync(application.Storage.DeadLetters, Cancellation);
        Assert.Equal(
            messages.Order(StringComparer.Ordinal),
            deadLetters.Select(row => row.GetString("Body")).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Receipt_by_the_fallback_storage_killed_at_any_call_loses_nothing_that_got_202()
    {
        var fallback = azurite.NewAccount();
        await using var unread = await FaultProxy.StartAsync(fallback, Cancellation);
        using var unmoved = unread.Break(Fault.ServerBusy, call => call.Operation == "Get Messages");
        await using var application = await ProxiedApplication.StartAsync(
            _storage, fallback: unread.ConnectionString);
        var accepted = new List<string>();
        var tried = await KillAtEachCallAsync(application, async point =>
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
        var tried = await KillAtEachCallAsync(application, async point =>
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

    /// <summary>Kills before the first call, after it, after the second … until a run makes fewer calls than that.</summary>
    /// <returns>How many times it was killed.</returns>
    private static async Task<int> KillAtEachCallAsync(ProxiedApplication application, Func<CrashPoint, Task> run)
    {
        for (var killed = 0; ; killed++)
        {
            var point = new CrashPoint(application, killed);
            await run(point);
            if (!point.Reached)
            {
                return killed > 0 ? killed : throw new InvalidOperationException("There was no storage call to be killed at.");
            }
        }
    }

    /// <summary>Its payload is stored in a blob.</summary>
    private static Arrival LongArrival => new()
    {
        Millisecond = 0,
        Counter = 0,
        Status = "started",
        Account = Guid.Empty,
        Package = 1,
        CompleteParameter = new('x', 200_000),
    };

    private async Task ProjectAsync(QueueClient queue)
    {
        await using var app = new TestApp(_storage);
        while ((await queue.ReceiveMessageAsync(cancellationToken: Cancellation)).Value is { } message)
        {
            await app.Get<Projector>().ProjectAsync(message.MessageText, Cancellation);
            await queue.DeleteMessageAsync(message.MessageId, message.PopReceipt, Cancellation);
        }
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

    private static async Task<string?> ReceiveAsync(ProxiedApplication application)
    {
        using var response = await PostAsync(application, Encoding.UTF8.GetBytes(LongArrival.Body()));
        if (response?.StatusCode != HttpStatusCode.Accepted)
        {
            return null;
        }

        using var content = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Cancellation));
        return content.RootElement.GetProperty("notificationId").GetString();
    }

    /// <returns>Null: the worker was killed while its response was on the way.</returns>
    private static async Task<HttpResponseMessage?> PostAsync(ProxiedApplication application, byte[] body)
    {
        try
        {
            return await application.PostAsync(body);
        }
        catch (HttpRequestException)
        {
            return null;
        }
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

    /// <summary>Kills the worker once, after a number of storage calls from when it is armed; 0: before the first.</summary>
    private sealed class CrashPoint(ProxiedApplication application, int calls)
    {
        private int _calls;
        private StorageCall? _killedAt;

        public bool Reached { get; private set; }

        public void Arm()
        {
            foreach (var proxy in new[] { application.Proxy, application.FallbackProxy }.OfType<FaultProxy>())
            {
                proxy.Before = call => Task.FromResult(IsPoint(call) && calls == 0 ? Kill() : null);
                proxy.After = (call, _) => Task.FromResult(ReferenceEquals(call, _killedAt) && calls > 0 ? Kill() : null);
            }
        }

        private bool IsPoint(StorageCall call)
        {
            if (call.IsOfHost || Interlocked.Increment(ref _calls) != Math.Max(calls, 1))
            {
                return false;
            }

            _killedAt = call;
            return true;
        }

        private Fault? Kill()
        {
            Reached = true;
            application.KillWorker();
            return Fault.BrokenConnection;
        }
    }
}
