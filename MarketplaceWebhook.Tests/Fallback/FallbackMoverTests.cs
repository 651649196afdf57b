using System.Text;
using Azure.Storage.Queues.Models;
using MarketplaceWebhook.Fallback;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;
using MarketplaceWebhook.Tests.Support.Faults;

namespace MarketplaceWebhook.Tests.Fallback;

public sealed class FallbackMoverTests(AzuriteFixture azurite)
{
    private static readonly NotificationId Id = Ids.At(1);

    private static readonly Guid Account = Guid.Parse("11111111-2222-3333-4444-555555555555");

    private readonly string _storage = azurite.NewAccount();
    private readonly string _fallback = azurite.NewAccount();

    [Fact]
    public async Task Message_is_moved_to_the_queue_with_the_same_text()
    {
        await using var app = NewApp();
        var text = Message.Of(1, Message.Body("started"));

        await app.Get<FallbackMover>().MoveAsync(text, Cancellation);

        Assert.Equal([text], await TextsAsync(app.Storage));
    }

    [Fact]
    public async Task Payload_blob_is_moved_with_its_message()
    {
        await using var app = NewApp();
        await FallbackPayloads(app).PutPayloadAsync(Id, Account, "{}"u8.ToArray(), Cancellation);

        await app.Get<FallbackMover>().MoveAsync(WithBlob, Cancellation);

        Assert.Equal([WithBlob], await TextsAsync(app.Storage));
        var blob = Assert.Single(await app.Get<PayloadBlobs>().ReadAsync(Cancellation).ToListAsync(Cancellation));
        Assert.Equal((TableKeys.PayloadBlob(Id), TableKeys.Account(Account)), (blob.Name, blob.Account));
        Assert.Empty(await FallbackPayloads(app).ReadAsync(Cancellation).ToListAsync(Cancellation));
    }

    [Fact]
    public async Task Message_delivered_again_after_it_was_moved_keeps_its_payload()
    {
        await using var app = NewApp();
        await FallbackPayloads(app).PutPayloadAsync(Id, Account, "{}"u8.ToArray(), Cancellation);

        await app.Get<FallbackMover>().MoveAsync(WithBlob, Cancellation);
        await app.Get<FallbackMover>().MoveAsync(WithBlob, Cancellation);

        Assert.Equal([WithBlob, WithBlob], await TextsAsync(app.Storage));
        Assert.NotNull(await app.Get<PayloadBlobs>().FindAsync(TableKeys.PayloadBlob(Id), Cancellation));
    }

    [Fact]
    public async Task Message_is_put_back_without_expiry_while_the_primary_storage_fails()
    {
        await using var proxy = await FaultProxy.StartAsync(_storage, Cancellation);
        await using var app = NewApp(proxy.ConnectionString);
        var queue = Fallback(app).RawQueue;
        await Fallback(app).CreateMissingAsync(Cancellation);
        using var broken = proxy.Break(Fault.Forbidden);

        await app.Get<FallbackMover>().MoveAsync(WithBlob, Cancellation);

        QueueProperties properties = await queue.GetPropertiesAsync(Cancellation);
        Assert.Equal(1, properties.ApproximateMessagesCount);
        // It is delayed.
        Assert.Empty((await queue.PeekMessagesAsync(1, Cancellation)).Value);
    }

    [Fact]
    public async Task Failure_of_both_storages_throws()
    {
        await using var proxy = await FaultProxy.StartAsync(_storage, Cancellation);
        await using var fallbackProxy = await FaultProxy.StartAsync(_fallback, Cancellation);
        await using var app = NewApp(proxy.ConnectionString, fallbackProxy.ConnectionString);
        using var broken = proxy.Break(Fault.Forbidden);
        using var brokenToo = fallbackProxy.Break(Fault.Forbidden);

        await Assert.ThrowsAsync<Azure.RequestFailedException>(
            () => app.Get<FallbackMover>().MoveAsync(WithBlob, Cancellation));
    }

    [Fact]
    public async Task Unreadable_message_is_moved_and_becomes_a_dead_letter_there()
    {
        await using var app = NewApp();

        await app.Get<FallbackMover>().MoveAsync("just plain text", Cancellation);

        Assert.Equal(["just plain text"], await TextsAsync(app.Storage));
    }

    [Fact]
    public async Task Message_of_the_poison_queue_returns_to_its_queue_without_expiry()
    {
        await using var app = NewApp();
        await Fallback(app).CreateMissingAsync(Cancellation);

        await app.Get<FallbackMover>().RetryAsync(WithBlob, Cancellation);

        QueueProperties waiting = await Fallback(app).RawQueue.GetPropertiesAsync(Cancellation);
        Assert.Equal(1, waiting.ApproximateMessagesCount);
        // It is delayed.
        Assert.Empty((await Fallback(app).RawQueue.PeekMessagesAsync(1, Cancellation)).Value);
    }

    [Fact]
    public async Task Message_of_another_deployment_stays_if_the_setting_names_the_primary_account()
    {
        await using var app = NewApp(fallback: _storage);
        await app.Storage.CreateMissingAsync(Cancellation);
        var waiting = new StorageClients(StorageSettings.FromConnectionString(_storage), StorageProfile.Fallback).Queue;
        await waiting.CreateAsync(cancellationToken: Cancellation);
        var text = Message.Of(1, Message.Body("started"));

        await app.Get<FallbackMover>().MoveAsync(text, Cancellation);

        Assert.Empty(await TextsAsync(app.Storage));
        // It is delayed.
        QueueProperties properties = await waiting.GetPropertiesAsync(Cancellation);
        Assert.Equal(1, properties.ApproximateMessagesCount);
    }

    private static string WithBlob { get; } =
        Encoding.UTF8.GetString(Envelope.Write(Id, "shop", traceParent: null, payload: default).Span);

    private TestApp NewApp(string? storage = null, string? fallback = null) =>
        new(storage ?? _storage, new() { [StorageSettings.FallbackName] = fallback ?? _fallback });

    private static StorageClients Fallback(TestApp app) => app.Get<FallbackStorage>().Clients;

    private static PayloadBlobs FallbackPayloads(TestApp app) => app.Get<FallbackStorage>().Payloads;

    private static async Task<List<string>> TextsAsync(StorageClients storage)
    {
        PeekedMessage[] messages = await storage.Queue.PeekMessagesAsync(maxMessages: 32, Cancellation);
        return [.. messages.Select(message => message.MessageText)];
    }
}
