using Azure;
using Azure.Storage.Blobs.Models;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;
using MarketplaceWebhook.Tests.Support.Faults;

namespace MarketplaceWebhook.Tests.Storage;

public sealed class StorageProvisionerTests(AzuriteFixture azurite)
{
    private readonly string storage = azurite.NewAccount();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Makes_two_queues_three_tables_and_a_container_that_nobody_may_read_without_a_key()
    {
        await using var app = new TestApp(storage);

        await app.ListenAsync(Cancelled);

        var clients = app.Storage;
        await OnceMadeAsync(clients.Queue.GetPropertiesAsync);
        await OnceMadeAsync(clients.PoisonQueue.GetPropertiesAsync);
        Assert.Empty(await OnceMadeAsync(token => Rows.ListAsync(clients.Installs, token)));
        Assert.Empty(await OnceMadeAsync(token => Rows.ListAsync(clients.StatusChanges, token)));
        Assert.Empty(await OnceMadeAsync(token => Rows.ListAsync(clients.DeadLetters, token)));
        var container = await OnceMadeAsync(token => clients.Payloads.GetPropertiesAsync(cancellationToken: token));
        Assert.Equal(PublicAccessType.None, container.Value.PublicAccess);

        Task<T> OnceMadeAsync<T>(Func<CancellationToken, Task<T>> look) => app.Get<StorageProvisioner>().RunAsync(look, Cancelled);
    }

    [Fact]
    public async Task A_call_that_finds_nothing_waits_until_everything_is_made()
    {
        await using var proxy = await FaultProxy.StartAsync(storage, Cancelled);
        var gate = new TaskCompletionSource();
        HoldCreations(proxy, gate);
        await using var app = new TestApp(proxy.ConnectionString);

        var sent = SendAsync(app);
        await Wait.ForAsync("six creations and a message under way", () => proxy.Calls.Count == 7, Cancelled);
        Assert.False(sent.IsCompleted);
        gate.SetResult();
        await sent;

        Assert.Equal("Put Message", Assert.Single(proxy.Calls.Skip(7)).Operation);
    }

    [Fact]
    public async Task A_call_that_finds_what_it_needs_waits_for_nothing()
    {
        await using (var maker = new TestApp(storage))
        {
            await SendAsync(maker);
        }

        await using var proxy = await FaultProxy.StartAsync(storage, Cancelled);
        var gate = new TaskCompletionSource();
        HoldCreations(proxy, gate);
        await using var app = new TestApp(proxy.ConnectionString);

        await SendAsync(app);

        Assert.Equal(2, (await app.Storage.Queue.GetPropertiesAsync(Cancelled)).Value.ApproximateMessagesCount);
        gate.SetResult();
    }

    [Fact]
    public async Task A_storage_that_is_out_of_reach_at_the_start_is_used_as_soon_as_it_is_there()
    {
        await using var proxy = await FaultProxy.StartAsync(storage, Cancelled);
        await using var app = new TestApp(proxy.ConnectionString);
        using (proxy.Break(Fault.BrokenConnection))
        {
            await app.ListenAsync(Cancelled);
            var fault = await Assert.ThrowsAnyAsync<Exception>(() => SendAsync(app));
            Assert.True(StorageErrors.IsTransient(fault), fault.ToString());
        }

        await SendAsync(app);

        Assert.Equal(1, (await app.Storage.Queue.GetPropertiesAsync(Cancelled)).Value.ApproximateMessagesCount);
    }

    [Fact]
    public async Task A_making_that_began_too_early_is_begun_again_for_a_call_that_was_answered()
    {
        await using var proxy = await FaultProxy.StartAsync(storage, Cancelled);
        await using var app = new TestApp(proxy.ConnectionString);
        var broken = 0;
        // The client itself tries three times.
        proxy.Before = call => Task.FromResult(
            call is { Operation: "Create Queue", Resource: StorageNames.Queue } && ++broken <= 3 ? Fault.BrokenConnection : null);

        await SendAsync(app);

        Assert.Equal(4, broken);
        Assert.Equal(1, (await app.Storage.Queue.GetPropertiesAsync(Cancelled)).Value.ApproximateMessagesCount);
    }

    [Fact]
    public async Task What_is_deleted_while_the_rest_is_made_is_made_again()
    {
        await using var proxy = await FaultProxy.StartAsync(storage, Cancelled);
        await using var app = new TestApp(proxy.ConnectionString);
        var rest = new TaskCompletionSource();
        proxy.Before = async call =>
        {
            if (call.Operation == "Create Container")
                await rest.Task;
            return null;
        };
        var making = app.Get<StorageProvisioner>().Made();
        await Wait.ForAsync("the queue", async () => (await app.Storage.Queue.ExistsAsync(Cancelled)).Value, there => there, Cancelled);
        await app.Storage.Queue.DeleteAsync(Cancelled);

        var sent = SendAsync(app);
        await Wait.ForAsync("the message that finds no queue", () => proxy.Calls.Any(call => call.Operation == "Put Message"), Cancelled);
        Assert.False(making.IsCompleted);
        rest.SetResult();
        await sent;

        Assert.Equal(1, (await app.Storage.Queue.GetPropertiesAsync(Cancelled)).Value.ApproximateMessagesCount);
    }

    [Fact]
    public async Task An_identity_that_may_use_and_not_make_them_is_enough()
    {
        await using (var maker = new TestApp(storage))
        {
            await SendAsync(maker);
        }

        await using var proxy = await FaultProxy.StartAsync(storage, Cancelled);
        using var forbidden = proxy.Break(Fault.Forbidden, IsCreation);
        await using var app = new TestApp(proxy.ConnectionString);

        await SendAsync(app);

        Assert.Equal(2, (await app.Storage.Queue.GetPropertiesAsync(Cancelled)).Value.ApproximateMessagesCount);
    }

    [Fact]
    public async Task A_deleted_queue_is_made_again_and_the_message_put()
    {
        await using var app = new TestApp(storage);
        await SendAsync(app);
        await app.Storage.Queue.DeleteAsync(Cancelled);

        await SendAsync(app);

        Assert.Equal(1, (await app.Storage.Queue.GetPropertiesAsync(Cancelled)).Value.ApproximateMessagesCount);
    }

    [Fact]
    public async Task A_deleted_poison_queue_is_made_again_and_the_message_put()
    {
        await using var app = new TestApp(storage);
        await SendAsync(app);
        await app.Storage.PoisonQueue.DeleteAsync(Cancelled);

        await app.Get<NotificationQueue>().PutBackPoisonAsync("text", TimeSpan.Zero, Cancelled);

        Assert.Equal(1, (await app.Storage.PoisonQueue.GetPropertiesAsync(Cancelled)).Value.ApproximateMessagesCount);
    }

    [Fact]
    public async Task A_deleted_container_is_made_again_and_the_blob_put()
    {
        await using var app = new TestApp(storage);
        await SendAsync(app);
        await app.Storage.Payloads.DeleteAsync(cancellationToken: Cancelled);

        await app.Get<PayloadBlobs>().PutPayloadAsync(Ids.At(1), Guid.Empty, "{}"u8.ToArray(), Cancelled);

        Assert.True(await app.Storage.Payloads.GetBlobClient($"{Ids.At(1)}.json").ExistsAsync(Cancelled));
    }

    [Theory]
    [InlineData("Installs")]
    [InlineData("StatusChanges")]
    [InlineData("DeadLetters")]
    public async Task A_deleted_table_is_made_again_and_the_rows_written(string table)
    {
        await using var app = new TestApp(storage);
        await SendAsync(app);
        await new Azure.Data.Tables.TableClient(storage, table).DeleteAsync(Cancelled);

        await WriteToAsync(app, table);

        Assert.Single(await Rows.ListAsync(new(storage, table), Cancelled));
    }

    [Fact]
    public async Task What_is_missing_still_is_made_again_only_once()
    {
        await using var proxy = await FaultProxy.StartAsync(storage, Cancelled);
        await using var app = new TestApp(proxy.ConnectionString);
        await app.Get<StorageProvisioner>().Made();
        using var missing = proxy.Break(new Fault.Refusal(404, "QueueNotFound"), call => call.Operation == "Put Message");

        var fault = await Assert.ThrowsAsync<RequestFailedException>(() => SendAsync(app));

        Assert.Equal("QueueNotFound", fault.ErrorCode);
        Assert.Equal(2, proxy.Calls.Count(call => call.Operation == "Put Message"));
        Assert.Equal(12, proxy.Calls.Count(IsCreation));
    }

    private static void HoldCreations(FaultProxy proxy, TaskCompletionSource gate) => proxy.Before = async call =>
    {
        if (IsCreation(call))
            await gate.Task;
        return null;
    };

    private static Task SendAsync(TestApp app) =>
        app.Get<NotificationQueue>().SendAsync(Ids.At(1), "shop", null, Guid.Empty, "{}"u8.ToArray(), Cancelled);

    private static Task WriteToAsync(TestApp app, string table) => table switch
    {
        "Installs" => InstallTableTests.CommitAsync(app, InstallTableTests.Started(1)),
        "StatusChanges" => app.Get<StatusChangeLog>().AppendAsync(InstallTableTests.Started(1), Cancelled),
        _ => app.Get<DeadLetterTable>().RecordAsync(DeadLetterTableTests.Letter("{}"u8.ToArray()), Cancelled),
    };

    private static bool IsCreation(StorageCall call) => call.Operation.StartsWith("Create ", StringComparison.Ordinal);
}
