using Azure;
using Azure.Data.Tables;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Queues;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;
using MarketplaceWebhook.Tests.Support.Faults;

namespace MarketplaceWebhook.Tests.Storage;

public sealed class StorageProvisionerTests(AzuriteFixture azurite)
{
    private readonly string _storage = azurite.NewAccount();

    [Fact]
    public async Task First_call_creates_two_queues_five_tables_and_a_private_container()
    {
        await using var app = new TestApp(_storage);

        await SendAsync(app);

        var queues = new QueueServiceClient(_storage);
        var tables = new TableServiceClient(_storage);
        Assert.Equal(
            [StorageNames.Queue, StorageNames.PoisonQueue],
            (await queues.GetQueuesAsync(cancellationToken: Cancellation).ToListAsync(Cancellation)).Select(queue => queue.Name));
        Assert.Equal(
            [
                StorageNames.AccountsTable, StorageNames.DeadLettersTable, StorageNames.InstallsTable,
                StorageNames.ReconciliationsTable, StorageNames.StatusChangesTable,
            ],
            (await tables.QueryAsync(cancellationToken: Cancellation).ToListAsync(Cancellation))
                .Select(table => table.Name).Order());
        var container = await app.Storage.Payloads.GetPropertiesAsync(cancellationToken: Cancellation);
        Assert.Equal(PublicAccessType.None, container.Value.PublicAccess);
    }

    [Fact]
    public async Task Start_makes_no_storage_call()
    {
        await using var proxy = await FaultProxy.StartAsync(_storage, Cancellation);
        await using var app = new TestApp(proxy.ConnectionString);

        await app.ListenAsync(Cancellation);
        await SendAsync(app);

        Assert.Equal("Put Message", proxy.Calls[0].Operation);
    }

    [Fact]
    public async Task Call_on_a_missing_resource_waits_for_the_creation_and_is_repeated_once()
    {
        await using var proxy = await FaultProxy.StartAsync(_storage, Cancellation);
        var gate = new TaskCompletionSource();
        proxy.Before = async call =>
        {
            if (IsCreation(call))
            {
                await gate.Task;
            }

            return null;
        };
        await using var app = new TestApp(proxy.ConnectionString);

        var sent = SendAsync(app);
        await Wait.ForAsync("a message and eight creations in progress", () => proxy.Calls.Count == 9, Cancellation);
        Assert.False(sent.IsCompleted);
        gate.SetResult();
        await sent;

        Assert.Equal("Put Message", Assert.Single(proxy.Calls.Skip(9)).Operation);
    }

    [Fact]
    public async Task Call_on_an_existing_resource_creates_nothing()
    {
        await using (var first = new TestApp(_storage))
        {
            await SendAsync(first);
        }

        await using var proxy = await FaultProxy.StartAsync(_storage, Cancellation);
        await using var app = new TestApp(proxy.ConnectionString);

        await SendAsync(app);

        Assert.Equal("Put Message", Assert.Single(proxy.Calls).Operation);
    }

    [Fact]
    public async Task Concurrent_calls_on_an_empty_storage_all_succeed()
    {
        await using var app = new TestApp(_storage);

        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => SendAsync(app)));

        Assert.Equal(20, (await app.Storage.Queue.GetPropertiesAsync(Cancellation)).Value.ApproximateMessagesCount);
    }

    [Fact]
    public async Task Storage_out_of_reach_at_the_start_is_used_as_soon_as_it_responds()
    {
        await using var proxy = await FaultProxy.StartAsync(_storage, Cancellation);
        await using var app = new TestApp(proxy.ConnectionString);
        using (proxy.Break(Fault.BrokenConnection))
        {
            await app.ListenAsync(Cancellation);
            var fault = await Assert.ThrowsAnyAsync<Exception>(() => SendAsync(app));
            Assert.True(StorageErrors.IsTransient(fault), fault.ToString());
        }

        await SendAsync(app);

        Assert.Equal(1, (await app.Storage.Queue.GetPropertiesAsync(Cancellation)).Value.ApproximateMessagesCount);
    }

    [Fact]
    public async Task Failed_creation_fails_the_call_as_a_transient_fault_and_the_next_call_creates()
    {
        await using var proxy = await FaultProxy.StartAsync(_storage, Cancellation);
        await using var app = new TestApp(proxy.ConnectionString);
        using (proxy.Break(Fault.BrokenConnection, IsCreation))
        {
            var fault = await Assert.ThrowsAnyAsync<Exception>(() => SendAsync(app));
            Assert.True(StorageErrors.IsTransient(fault), fault.ToString());
        }

        await SendAsync(app);

        Assert.Equal(1, (await app.Storage.Queue.GetPropertiesAsync(Cancellation)).Value.ApproximateMessagesCount);
    }

    [Fact]
    public async Task Maintenance_creates_nothing_by_reading_and_everything_by_writing()
    {
        var clients = new StorageClients(
            StorageSettings.FromConnectionString(_storage), StorageProfile.Maintenance(new TimeLimits()));

        Assert.False(await new StatusChangeLog(clients).ExistsAsync(Cancellation));
        var fault = await Assert.ThrowsAsync<RequestFailedException>(() => Rows.ListAsync(clients.Installs, Cancellation));
        Assert.Equal("TableNotFound", fault.ErrorCode);
        Assert.Empty(
            await new TableServiceClient(_storage).QueryAsync(cancellationToken: Cancellation).ToListAsync(Cancellation));

        await new NotificationQueue(clients, new PayloadBlobs(clients)).ResendAsync("text", Cancellation);
        Assert.True(await new StatusChangeLog(clients).ExistsAsync(Cancellation));
    }

    [Fact]
    public async Task Identity_that_may_not_create_resources_can_use_them()
    {
        await using (var first = new TestApp(_storage))
        {
            await SendAsync(first);
        }

        await using var proxy = await FaultProxy.StartAsync(_storage, Cancellation);
        using var forbidden = proxy.Break(Fault.Forbidden, IsCreation);
        await using var app = new TestApp(proxy.ConnectionString);

        await SendAsync(app);

        Assert.Equal(2, (await app.Storage.Queue.GetPropertiesAsync(Cancellation)).Value.ApproximateMessagesCount);
    }

    [Fact]
    public async Task Deleted_queue_is_recreated_and_the_message_sent()
    {
        await using var app = new TestApp(_storage);
        await SendAsync(app);
        await app.Storage.Queue.DeleteAsync(Cancellation);

        await SendAsync(app);

        Assert.Equal(1, (await app.Storage.Queue.GetPropertiesAsync(Cancellation)).Value.ApproximateMessagesCount);
    }

    [Fact]
    public async Task Deleted_poison_queue_is_recreated_and_the_message_sent()
    {
        await using var app = new TestApp(_storage);
        await SendAsync(app);
        await app.Storage.PoisonQueue.DeleteAsync(Cancellation);

        await app.Get<NotificationQueue>().PutBackPoisonAsync("text", TimeSpan.Zero, Cancellation);

        Assert.Equal(1, (await app.Storage.PoisonQueue.GetPropertiesAsync(Cancellation)).Value.ApproximateMessagesCount);
    }

    [Fact]
    public async Task Deleted_container_is_recreated_and_the_blob_written()
    {
        await using var app = new TestApp(_storage);
        await SendAsync(app);
        await app.Storage.Payloads.DeleteAsync(cancellationToken: Cancellation);

        await app.Get<PayloadBlobs>().PutPayloadAsync(Ids.At(1), Guid.Empty, "{}"u8.ToArray(), Cancellation);

        Assert.True(await app.Storage.Payloads.GetBlobClient($"{Ids.At(1)}.json").ExistsAsync(Cancellation));
    }

    [Theory]
    [InlineData("Installs")]
    [InlineData("StatusChanges")]
    [InlineData("DeadLetters")]
    [InlineData("Accounts")]
    [InlineData("Reconciliations")]
    public async Task Deleted_table_is_recreated_and_the_rows_written(string table)
    {
        await using var app = new TestApp(_storage);
        await SendAsync(app);
        await new TableClient(_storage, table).DeleteAsync(Cancellation);

        await WriteToAsync(app, table);

        Assert.Single(await Rows.ListAsync(new(_storage, table), Cancellation));
    }

    [Fact]
    public async Task Resource_missing_after_the_creation_is_not_created_again()
    {
        await using var proxy = await FaultProxy.StartAsync(_storage, Cancellation);
        await using var app = new TestApp(proxy.ConnectionString);
        using var missing = proxy.Break(new Fault.Response(404, "QueueNotFound"), call => call.Operation == "Put Message");

        var fault = await Assert.ThrowsAsync<RequestFailedException>(() => SendAsync(app));

        Assert.Equal("QueueNotFound", fault.ErrorCode);
        Assert.Equal(2, proxy.Calls.Count(call => call.Operation == "Put Message"));
        Assert.Equal(8, proxy.Calls.Count(IsCreation));
    }

    private static Task SendAsync(TestApp app) =>
        app.Get<NotificationQueue>().SendAsync(
            new ReceivedNotification(Ids.At(1), "shop", null, null, Guid.Empty, "{}"u8.ToArray()), Cancellation);

    private static Task WriteToAsync(TestApp app, string table) => table switch
    {
        "Installs" => InstallTableTests.CommitAsync(app, InstallTableTests.Started(1)),
        "StatusChanges" => app.Get<StatusChangeLog>().AppendAsync(InstallTableTests.Started(1), Cancellation),
        "Accounts" => app.Get<AccountTable>().AddAsync(Guid.Empty, "customer-42", Cancellation),
        "Reconciliations" => new ReconciliationTable(app.Storage).ReplaceAsync(
            Guid.Empty.ToString(), null, [new() { Kind = DifferenceKind.NotAccessible, Detail = "why" }], Ids.Start,
            Cancellation),
        _ => app.Get<DeadLetterTable>().RecordAsync(DeadLetterTableTests.DeadLetterOf("{}"u8.ToArray()), Cancellation),
    };

    private static bool IsCreation(StorageCall call) => call.Operation.StartsWith("Create ", StringComparison.Ordinal);
}
