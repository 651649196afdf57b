using System.Diagnostics;
using Azure;
using Azure.Core;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;

namespace MarketplaceWebhook.Tests.Support.Faults;

public sealed class FaultProxyTests(AzuriteFixture azurite)
{
    private readonly string _storage = azurite.NewAccount();

    [Fact]
    public async Task Storage_clients_work_through_the_proxy_and_their_calls_are_identified()
    {
        await using var proxy = await FaultProxy.StartAsync(_storage, Cancellation);
        var name = NewName();
        var table = new TableClient(proxy.ConnectionString, name);
        var queue = new QueueClient(proxy.ConnectionString, name);
        var container = new BlobContainerClient(proxy.ConnectionString, name);

        await table.CreateAsync(Cancellation);
        await table.AddEntityAsync(new TableEntity("p", "a'b ü") { ["Text"] = "ü" }, Cancellation);
        await table.SubmitTransactionAsync(
            Enumerable.Range(0, 3)
                .Select(row => new TableTransactionAction(TableTransactionActionType.Add, new TableEntity("p", $"{row}"))),
            Cancellation);
        var row = await table.GetEntityAsync<TableEntity>("p", "a'b ü", cancellationToken: Cancellation);
        var rows = await table.QueryAsync<TableEntity>("PartitionKey eq 'p'", 2, cancellationToken: Cancellation)
            .CountAsync(Cancellation);
        await queue.CreateAsync(cancellationToken: Cancellation);
        await queue.SendMessageAsync("hello", Cancellation);
        var message = (await queue.ReceiveMessageAsync(cancellationToken: Cancellation)).Value;
        await queue.DeleteMessageAsync(message.MessageId, message.PopReceipt, Cancellation);
        await container.CreateAsync(cancellationToken: Cancellation);
        await container.UploadBlobAsync("dead/ü.json", BinaryData.FromString("body"), Cancellation);
        var blob = await container.GetBlobClient("dead/ü.json").DownloadContentAsync(Cancellation);

        Assert.Equal("ü", row.Value.GetString("Text"));
        Assert.Equal(4, rows);
        Assert.Equal("hello", message.MessageText);
        Assert.Equal("body", blob.Value.Content.ToString());
        Assert.Equal(
            [
                "Create Table", "Insert Entity", "Entity Group Transaction", "Get Entity", "Query Entities", "Query Entities",
                "Create Queue", "Put Message", "Get Messages", "Delete Message", "Create Container", "Put Blob", "Get Blob",
            ],
            proxy.Calls.Select(call => call.Operation));
        Assert.Equal(Enumerable.Range(1, proxy.Calls.Count), proxy.Calls.Select(call => call.Number));
    }

    [Theory]
    [InlineData(503, "ServerBusy")]
    [InlineData(500, "InternalError")]
    [InlineData(429, "TooManyRequests")]
    [InlineData(403, "AuthorizationFailure")]
    public async Task Error_reaches_each_client_in_the_form_of_its_service(int status, string code)
    {
        await using var proxy = await FaultProxy.StartAsync(_storage, Cancellation);
        using var broken = proxy.Break(new Fault.Response(status, code));

        var errors = new[]
        {
            await Assert.ThrowsAsync<RequestFailedException>(
                () => Table(proxy).AddEntityAsync(new TableEntity("p", "r"), Cancellation)),
            await Assert.ThrowsAsync<RequestFailedException>(() => Queue(proxy).SendMessageAsync("hello", Cancellation)),
            await Assert.ThrowsAsync<RequestFailedException>(
                () => Container(proxy).UploadBlobAsync("b", Stream.Null, Cancellation)),
        };

        Assert.All(errors, error => Assert.Equal((status, code), (error.Status, error.ErrorCode)));
    }

    [Fact]
    public async Task Call_broken_before_it_is_sent_never_reaches_storage()
    {
        await using var proxy = await FaultProxy.StartAsync(_storage, Cancellation);
        var real = new TableClient(_storage, NewName());
        await real.CreateAsync(Cancellation);
        var table = Table(proxy, real.Name);

        proxy.Before = _ => Task.FromResult<Fault?>(Fault.BrokenConnection);
        await Assert.ThrowsAsync<RequestFailedException>(
            () => table.AddEntityAsync(new TableEntity("p", "before"), Cancellation));
        proxy.Before = _ => Task.FromResult<Fault?>(null);
        proxy.After = (_, _) => Task.FromResult<Fault?>(Fault.BrokenConnection);
        await Assert.ThrowsAsync<RequestFailedException>(() => table.AddEntityAsync(new TableEntity("p", "after"), Cancellation));

        var rows = await real.QueryAsync<TableEntity>(cancellationToken: Cancellation).ToListAsync(Cancellation);
        Assert.Equal(["after"], rows.Select(row => row.RowKey));
    }

    [Fact]
    public async Task Only_the_selected_service_fails_until_it_is_repaired()
    {
        await using var proxy = await FaultProxy.StartAsync(_storage, Cancellation);
        var (table, queue) = (Table(proxy, NewName()), Queue(proxy, NewName()));

        using (proxy.Break(Fault.ServerBusy, call => call.Kind is StorageKind.Table))
        {
            await queue.CreateAsync(cancellationToken: Cancellation);
            await Assert.ThrowsAsync<RequestFailedException>(() => table.CreateAsync(Cancellation));
        }

        await table.CreateAsync(Cancellation);
    }

    [Fact]
    public async Task Hung_call_ends_when_the_caller_cancels()
    {
        await using var proxy = await FaultProxy.StartAsync(_storage, Cancellation);
        using var broken = proxy.Break(Fault.NoResponse);
        var waited = Stopwatch.StartNew();

        await Assert.ThrowsAnyAsync<Exception>(() => Queue(proxy).CreateAsync(cancellationToken: Cancellation));

        Assert.InRange(waited.Elapsed, TimeSpan.FromSeconds(0.4), TimeSpan.FromSeconds(20));
    }

    private static string NewName() => $"t{Guid.NewGuid():N}";

    private static TableClient Table(FaultProxy proxy, string name = "unused")
    {
        var options = new TableClientOptions();
        Once(options);
        return new(proxy.ConnectionString, name, options);
    }

    private static QueueClient Queue(FaultProxy proxy, string name = "unused")
    {
        var options = new QueueClientOptions();
        Once(options);
        return new(proxy.ConnectionString, name, options);
    }

    private static BlobContainerClient Container(FaultProxy proxy)
    {
        var options = new BlobClientOptions();
        Once(options);
        return new(proxy.ConnectionString, "unused", options);
    }

    private static void Once(ClientOptions options)
    {
        options.Retry.MaxRetries = 0;
        options.Retry.NetworkTimeout = TimeSpan.FromSeconds(0.5);
    }
}
