using System.Text;
using Azure.Data.Tables;
using Azure.Storage.Blobs.Models;
using MarketplaceWebhook.Maintenance;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.Tests.Maintenance;

/// <summary>A dead letter of an earlier version: the name of its blob lacks the kind.</summary>
public sealed class EarlierDeadLetterTests(AzuriteFixture azurite)
{
    private static readonly Guid Account = new("aaaaaaaa-0000-0000-0000-000000000001");
    private static readonly NotificationId Id = Ids.Minute(7);

    [Fact]
    public async Task Redrive_sends_the_body_of_its_blob()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        var body = await RecordAsync(services);

        var redriven = await services.Get<Redrive>().RedriveAsync(await FindAsync(services), dryRun: false, Cancellation);

        Assert.Equal(RedriveOutcome.Sent, redriven.Outcome);
        var envelope = Envelope.Read((await MaintenanceServices.ReceiveAsync(services.Clients.Queue))!);
        Assert.Equal(
            body, Encoding.UTF8.GetString((await envelope.GetPayloadAsync(services.Get<PayloadBlobs>(), Cancellation)).Span));
    }

    [Fact]
    public async Task Purge_keeps_its_blob_with_the_row_and_removes_both_once_they_are_old()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        await RecordAsync(services);

        var kept = await PurgeAsync(Id.ReceivedAt);
        var removed = await PurgeAsync(DateTimeOffset.UtcNow.AddMinutes(1));

        Assert.Equal((0, 0), kept);
        Assert.Equal((1, 1), removed);
        Assert.Empty(await services.Get<PayloadBlobs>().ReadAsync(Cancellation).ToListAsync(Cancellation));

        async Task<(int, int)> PurgeAsync(DateTimeOffset before)
        {
            var purged = await services.Get<Purge>().RunAsync(before, dryRun: false, TimeSpan.Zero, Cancellation);
            return (purged.DeadLetters, purged.Blobs);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)] // the row is gone
    public async Task Erase_removes_its_blob(bool hasRow)
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        await RecordAsync(services);
        if (!hasRow)
        {
            await services.Get<DeadLetterTable>().RemoveAsync([await FindAsync(services)], Cancellation);
        }

        var erased = await services.Get<Erasure>().RunAsync(Account, TimeSpan.Zero, Cancellation);

        Assert.Equal((hasRow ? 1 : 0, 1), (erased.DeadLetters, erased.Blobs));
        Assert.Empty(await services.Get<PayloadBlobs>().ReadAsync(Cancellation).ToListAsync(Cancellation));
    }

    private static async Task<StoredDeadLetter> FindAsync(MaintenanceServices services) =>
        Assert.Single(await services.Get<DeadLetterTable>().FindAsync(Id, Cancellation));

    private static async Task<string> RecordAsync(MaintenanceServices services)
    {
        var body = NotificationBody.Of("stopped", Account, padding: new string('x', 40_000));
        await services.Clients.Payloads.GetBlobClient($"dead/{Id}").UploadAsync(
            BinaryData.FromString(body),
            new BlobUploadOptions { Metadata = new Dictionary<string, string> { ["accountId"] = Account.ToString() } },
            Cancellation);
        await services.Clients.DeadLetters.AddEntityAsync(
            new TableEntity(DeadLetter.Rejected, TableKeys.NewestFirst(Id))
            {
                ["NotificationId"] = Id.ToString(),
                ["ReceivedAt"] = Id.ReceivedAt,
                ["Reason"] = RejectionReason.InvalidNotification,
                ["AccountId"] = Account.ToString(),
                ["Body"] = body[..32_000],
                ["BodyBlob"] = $"dead/{Id}",
            },
            Cancellation);
        return body;
    }
}
