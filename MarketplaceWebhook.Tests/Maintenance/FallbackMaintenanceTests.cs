using System.Text;
using MarketplaceWebhook.Maintenance;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace MarketplaceWebhook.Tests.Maintenance;

/// <summary>Commands on a storage account that has a fallback.</summary>
public sealed class FallbackMaintenanceTests(AzuriteFixture azurite) : IAsyncLifetime
{
    private static readonly Guid Account = Guid.Parse("11111111-2222-3333-4444-555555555555");
    private static readonly Guid Other = Guid.NewGuid();

    private readonly string _fallback = azurite.NewAccount();
    private MaintenanceServices _services = null!;

    private StorageClients Fallback => _services.Fallback.Clients;

    private PayloadBlobs FallbackPayloads => _services.Fallback.Payloads;

    public async ValueTask InitializeAsync()
    {
        _services = MaintenanceServices.On(azurite.NewAccount(), fallback: _fallback);
        await _services.Clients.CreateMissingAsync(Cancellation);
        await Fallback.CreateMissingAsync(Cancellation);
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();

    [Fact]
    public async Task Erase_removes_messages_and_payloads_of_the_account_only()
    {
        await SendAsync(Account, Ids.At(1));
        await SendAsync(Account, Ids.At(2), isLong: true);
        await SendAsync(Other, Ids.At(3), isLong: true);

        await using var services = MaintenanceServices.On(
            _services.ConnectionString, fallback: _fallback, time: new InstantTime(DateTimeOffset.UtcNow));
        var erased = await services.Get<Erasure>().RunAsync(Account, TimeSpan.FromSeconds(30), Cancellation);

        Assert.Equal((2, 1, true), (erased.Messages, erased.Blobs, erased.IsComplete));
        var message = Assert.Single((await Fallback.Queue.PeekMessagesAsync(32, Cancellation)).Value);
        Assert.Equal(Ids.At(3), Envelope.Read(message.MessageText).Id);
        var blob = Assert.Single(await FallbackPayloads.ReadAsync(Cancellation).ToListAsync(Cancellation));
        Assert.Equal(TableKeys.PayloadBlob(Ids.At(3)), blob.Name);
    }

    [Fact]
    public async Task Purge_keeps_the_payload_that_a_message_in_the_fallback_storage_refers_to()
    {
        // The mover was cut off after it copied the payload.
        await SendAsync(Account, Ids.At(1), isLong: true);
        await _services.Get<PayloadBlobs>().PutPayloadAsync(Ids.At(1), Account, "{}"u8.ToArray(), Cancellation);

        var purged = await _services.Get<Purge>().RunAsync(
            DateTimeOffset.UtcNow.AddMinutes(1), dryRun: false, TimeSpan.Zero, Cancellation);

        Assert.Equal((0, 2), (purged.Blobs, purged.BlobsLeft));
    }

    [Fact]
    public async Task Purge_removes_a_payload_of_the_fallback_storage_without_a_message()
    {
        await FallbackPayloads.PutPayloadAsync(Ids.At(1), Account, "{}"u8.ToArray(), Cancellation);

        var purged = await _services.Get<Purge>().RunAsync(
            DateTimeOffset.UtcNow.AddMinutes(1), dryRun: false, TimeSpan.Zero, Cancellation);

        Assert.Equal((1, 0), (purged.Blobs, purged.BlobsLeft));
        Assert.Empty(await FallbackPayloads.ReadAsync(Cancellation).ToListAsync(Cancellation));
    }

    [Fact]
    public async Task Purge_and_erase_keep_the_payloads_of_a_deployment_whose_primary_storage_the_fallback_is()
    {
        await using var other = MaintenanceServices.On(_fallback);
        await other.Clients.CreateMissingAsync(Cancellation);
        await other.Get<PayloadBlobs>().PutPayloadAsync(Ids.At(1), Account, "{}"u8.ToArray(), Cancellation);
        await other.Get<NotificationQueue>().ResendAsync(
            Encoding.UTF8.GetString(Envelope.Write(Ids.At(1), "shop", null, []).Span), Cancellation);

        await _services.Get<Purge>().RunAsync(DateTimeOffset.UtcNow.AddMinutes(1), dryRun: false, TimeSpan.Zero, Cancellation);
        await _services.Get<Erasure>().RunAsync(Account, TimeSpan.FromSeconds(30), Cancellation);

        Assert.NotNull(await other.Get<PayloadBlobs>().FindAsync(TableKeys.PayloadBlob(Ids.At(1)), Cancellation));
    }

    [Fact]
    public async Task Fallback_that_was_never_used_is_empty()
    {
        await using var services = MaintenanceServices.On(_services.ConnectionString, fallback: azurite.NewAccount());

        var purged = await services.Get<Purge>().RunAsync(
            DateTimeOffset.UtcNow, dryRun: false, TimeSpan.Zero, Cancellation);
        var erased = await services.Get<Erasure>().RunAsync(Account, TimeSpan.FromSeconds(30), Cancellation);

        Assert.Equal(new PurgeResult(), purged);
        Assert.Equal((0, true), (erased.Total, erased.IsComplete));
    }

    [Fact]
    public async Task Status_reports_the_age_of_what_is_pending()
    {
        await SendAsync(Account, Ids.At(1));

        var fallback = await _services.Get<StatusCheck>().CheckFallbackAsync(Cancellation);

        Assert.Equal(new QueueState(Waiting: 1, Ids.At(1).ReceivedAt, IsLate: true, Poisoned: 0), fallback);
    }

    [Theory]
    [InlineData(30, true)]
    [InlineData(600, false)]
    public async Task Status_looks_for_65_s_for_a_message_that_is_put_back_with_a_delay(int delay, bool isSeen)
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var services = MaintenanceServices.On(_services.ConnectionString, fallback: _fallback, time: time);
        var sent = await Fallback.Queue.SendMessageAsync(
            Message.Of(1, Message.Body("started")), TimeSpan.FromMinutes(10), cancellationToken: Cancellation);
        var startedAt = time.GetUtcNow();

        var checking = services.Get<StatusCheck>().CheckFallbackAsync(Cancellation);
        while (!checking.IsCompleted)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), Cancellation);
            time.Advance(TimeSpan.FromSeconds(1));
            if (time.GetUtcNow() - startedAt == TimeSpan.FromSeconds(delay))
            {
                await Fallback.Queue.UpdateMessageAsync(
                    sent.Value.MessageId, sent.Value.PopReceipt, visibilityTimeout: TimeSpan.Zero,
                    cancellationToken: Cancellation);
            }
        }

        Assert.Equal(
            (1, isSeen ? Ids.At(1).ReceivedAt : null, isSeen),
            ((await checking)!.Waiting, (await checking)!.OldestReceivedAt, (await checking)!.IsLate));
    }

    private Task SendAsync(Guid account, NotificationId id, bool isLong = false) =>
        _services.Fallback.Queue.SendAsync(
            new ReceivedNotification(
                id, "shop", TraceParent: null, UserAgent: null, account, Encoding.UTF8.GetBytes(Body(account, isLong))),
            Cancellation);

    private static string Body(Guid account, bool isLong) => Message
        .Body("started", isLong ? $",\"Note\":\"{new string('x', 40_000)}\"" : "")
        .Replace(Account.ToString(), account.ToString(), StringComparison.Ordinal);
}
