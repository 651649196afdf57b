using System.Text;
using FsCheck.Fluent;
using MarketplaceWebhook.Maintenance;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Projecting;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;
using MarketplaceWebhook.Tests.Support.Faults;
using MarketplaceWebhook.Tests.Support.Histories;

namespace MarketplaceWebhook.Tests.Maintenance;

public sealed class PurgeTests(AzuriteFixture azurite)
{
    private static readonly Guid Account = new("aaaaaaaa-0000-0000-0000-000000000001");
    private static readonly string Long = new('x', 40_000);

    /// <summary>Blobs carry the emulator's own time: later than every notification of these tests, and than now.</summary>
    private static readonly DateTimeOffset AllOfIt = Ids.At(DateTimeOffset.UtcNow.AddDays(1)).ReceivedAt;

    private static TimeSpan NoWait => TimeSpan.Zero;

    [Fact]
    public async Task After_random_histories_were_purged_a_rebuild_gives_the_same_installs()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        var arrivals = Gen.Sample(AnyHistory.Small().Generator, 10).SelectMany(history => history.Arrivals)
            .Select((arrival, n) => arrival with { Counter = n }).ToList();
        foreach (var arrival in arrivals)
        {
            await services.Get<Projector>().ProjectAsync(arrival.Message(), Cancellation);
        }

        var before = await services.InstallsAsync();
        var purged = await services.Get<Purge>().RunAsync(AllOfIt, dryRun: false, NoWait, Cancellation);

        Assert.Equal(arrivals.Count, purged.Notifications + purged.KeptNotifications);
        Assert.True(purged.Notifications > 0);
        Assert.Equal(
            purged.KeptNotifications,
            await services.Get<StatusChangeLog>().ReadAsync(null, Cancellation).CountAsync(Cancellation));
        Assert.Equal(before, await services.InstallsAsync());
        foreach (
            var account in (await services.Get<InstallTable>().ReadRowsAsync(null, Cancellation).ToListAsync(Cancellation))
                .GroupBy(row => row.PartitionKey))
        {
            await services.Get<InstallTable>().RemoveAsync(account, Cancellation);
        }

        await foreach (var rebuilt in services.Get<Rebuild>().RunAsync(null, apply: true, TimeSpan.Zero, null, Cancellation))
        {
            Assert.True(rebuilt.Applied);
        }

        Assert.Equal(before, await services.InstallsAsync());
    }

    [Fact]
    public async Task Old_notifications_that_no_row_needs_are_removed_with_their_bodies_and_young_ones_stay()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        await services.ProjectAsync(Ids.Minute(1), NotificationBody.Of("started", Account, padding: Long));
        await services.ProjectAsync(Ids.Minute(2), NotificationBody.Of("started", Account, padding: Long));
        await services.ProjectAsync(Ids.Minute(3), NotificationBody.Of(NotificationBody.Unknown, Account));
        await services.ProjectAsync(Ids.At(AllOfIt, 1), NotificationBody.Of("started", Account, padding: Long));
        await services.ProjectAsync(Ids.At(AllOfIt, 2), NotificationBody.Of(NotificationBody.Unknown, Account));
        var installs = await services.InstallsAsync();

        var counted = await services.Get<Purge>().RunAsync(AllOfIt, dryRun: true, NoWait, Cancellation);
        Assert.Equal(5, await services.Get<StatusChangeLog>().ReadAsync(null, Cancellation).CountAsync(Cancellation));
        var purged = await services.Get<Purge>().RunAsync(AllOfIt, dryRun: false, NoWait, Cancellation);

        Assert.Equal((3, 2, 0), (purged.Notifications, purged.Blobs, purged.KeptNotifications));
        Assert.Equal(purged, counted);
        Assert.Equal([TableKeys.PayloadBlob(Ids.At(AllOfIt, 1))], await BlobsAsync(services));
        Assert.Equal(installs, await services.InstallsAsync());
    }

    [Fact]
    public async Task Old_dead_letters_are_removed_with_their_bodies_unless_redriven_recently()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        await RecordAsync(services, Ids.Minute(1));
        await RecordAsync(services, Ids.Minute(2));
        await RecordAsync(services, Ids.At(AllOfIt));
        var redriven = Assert.Single(await services.Get<DeadLetterTable>().FindAsync(Ids.Minute(2), Cancellation));
        await services.Get<DeadLetterTable>().MarkRedrivenAsync(redriven, AllOfIt, Cancellation);

        var purged = await services.Get<Purge>().RunAsync(AllOfIt, dryRun: false, NoWait, Cancellation);

        Assert.Equal((1, 1), (purged.DeadLetters, purged.Blobs));
        Assert.Equal(
            [DeadLetterBlob(Ids.Minute(2)), DeadLetterBlob(Ids.At(AllOfIt))], await BlobsAsync(services));
    }

    [Fact]
    public async Task Dead_letter_of_a_message_without_an_id_is_as_old_as_its_first_insertion()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        var before = DateTimeOffset.UtcNow.AddDays(-1);
        foreach (var (text, insertedAt) in new[] { ("old", before.AddMinutes(-1)), ("recent", before.AddMinutes(1)) })
        {
            await services.Get<DeadLetterRecorder>().RecordAsync(text, insertedAt, Cancellation);
        }

        var purged = await services.Get<Purge>().RunAsync(before, dryRun: false, NoWait, Cancellation);

        Assert.Equal(1, purged.DeadLetters);
        Assert.Equal(
            ["recent"],
            await services.Get<DeadLetterTable>().ReadAsync(null, null, Cancellation)
                .Select(deadLetter => deadLetter.Body).ToListAsync(Cancellation));
    }

    [Fact]
    public async Task Body_without_a_row_is_removed_unless_it_is_new_or_has_another_name()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        await services.Get<PayloadBlobs>().PutPayloadAsync(Ids.Minute(1), Account, Encoding.UTF8.GetBytes("{}"), Cancellation);
        await services.Clients.Payloads.UploadBlobAsync("note.txt", BinaryData.FromString("keep me"), Cancellation);

        Assert.Equal(
            0, (await services.Get<Purge>().RunAsync(
                DateTimeOffset.UtcNow.AddDays(-1), dryRun: false, NoWait, Cancellation)).Blobs);
        Assert.Equal(2, (await BlobsAsync(services)).Count);

        Assert.Equal(1, (await services.Get<Purge>().RunAsync(AllOfIt, dryRun: false, NoWait, Cancellation)).Blobs);
        Assert.Equal(["note.txt"], await BlobsAsync(services));
    }

    [Fact]
    public async Task Body_whose_message_is_pending_or_failed_stays()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        var failed = await services.SendAsync(Ids.At(AllOfIt), NotificationBody.Of("started", Account, padding: Long));
        await RecordAsync(services, Ids.At(AllOfIt), failed);
        Assert.Equal(0, (await services.Get<Purge>().RunAsync(AllOfIt, dryRun: false, NoWait, Cancellation)).Blobs);

        var waiting = await services.SendAsync(Ids.Minute(2), NotificationBody.Of("started", Account, padding: Long));
        await services.Get<NotificationQueue>().ResendAsync(waiting, Cancellation);
        var purged = await services.Get<Purge>().RunAsync(AllOfIt, dryRun: false, NoWait, Cancellation);

        Assert.Equal(1, purged.BlobsLeft);
        Assert.Equal([TableKeys.PayloadBlob(Ids.Minute(2)), TableKeys.PayloadBlob(Ids.At(AllOfIt))], await BlobsAsync(services));
    }

    [Theory]
    [InlineData("being processed")]
    [InlineData("delayed")]
    [InlineData("behind 32 others")]
    [InlineData("moved to the poison queue now")]
    public async Task Body_of_an_old_message_stays_wherever_the_message_is_and_is_removed_once_it_is_gone(string where)
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        var text = await services.SendAsync(Ids.Minute(1), NotificationBody.Of(NotificationBody.Unknown, Account, padding: Long));
        // Its row is removed by the purge; the message was not deleted after it was projected.
        await services.Get<Projector>().ProjectAsync(text, Cancellation);
        var written = (await services.Get<PayloadBlobs>().ReadAsync(Cancellation).SingleAsync(Cancellation)).WrittenAt;
        await Wait.ForAsync(
            "the blob to be older than a purge", () =>
                Task.FromResult(DateTimeOffset.UtcNow), now => now > written.AddSeconds(1), Cancellation);
        var before = DateTimeOffset.UtcNow;
        var queue = where.Contains("poison", StringComparison.Ordinal) ? services.Clients.PoisonQueue : services.Clients.Queue;
        for (var other = 0; where == "behind 32 others" && other < 32; other++)
        {
            await queue.SendMessageAsync("{}", Cancellation);
        }

        await queue.SendMessageAsync(text, where == "delayed" ? TimeSpan.FromMinutes(5) : TimeSpan.Zero, null, Cancellation);
        if (where == "being processed")
        {
            await queue.ReceiveMessageAsync(TimeSpan.FromMinutes(5), Cancellation);
        }

        var purged = await services.Get<Purge>().RunAsync(before, dryRun: false, NoWait, Cancellation);

        Assert.Equal((1, 0), (purged.Notifications, purged.Blobs));
        Assert.Equal([TableKeys.PayloadBlob(Ids.Minute(1))], await BlobsAsync(services));

        await queue.ClearMessagesAsync(Cancellation);
        Assert.Equal(1, (await services.Get<Purge>().RunAsync(before, dryRun: false, NoWait, Cancellation)).Blobs);
        Assert.Empty(await BlobsAsync(services));
    }

    [Fact]
    public async Task Body_is_removed_once_the_messages_that_were_being_processed_are_gone()
    {
        await using var direct = await MaintenanceServices.StartAsync(azurite);
        await direct.ProjectAsync(Ids.Minute(1), NotificationBody.Of(NotificationBody.Unknown, Account, padding: Long));
        await direct.Clients.Queue.SendMessageAsync("{}", Cancellation);
        await direct.Clients.Queue.ReceiveMessageAsync(TimeSpan.FromMinutes(5), Cancellation);
        await using var proxy = await FaultProxy.StartAsync(direct.ConnectionString, Cancellation);
        proxy.Before = async call =>
        {
            // The message is gone at the second inspection: one peeks six times.
            if (call.Operation == "Peek Messages" && proxy.Calls.Count(other => other.Operation == call.Operation) == 7)
            {
                await direct.Clients.Queue.ClearMessagesAsync(Cancellation);
            }

            return null;
        };
        await using var services = MaintenanceServices.On(proxy.ConnectionString);

        var purged = await services.Get<Purge>().RunAsync(AllOfIt, dryRun: false, TimeSpan.FromSeconds(30), Cancellation);

        Assert.Equal((1, 0), (purged.Blobs, purged.BlobsLeft));
        Assert.Empty(await BlobsAsync(direct));
    }

    [Fact]
    public async Task Body_is_removed_while_messages_of_other_ids_are_visible()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        await services.ProjectAsync(Ids.Minute(1), NotificationBody.Of(NotificationBody.Unknown, Account, padding: Long));
        await services.Get<NotificationQueue>().ResendAsync(
            await services.SendAsync(Ids.Minute(2), NotificationBody.Of(NotificationBody.Unknown, Account)), Cancellation);

        Assert.Equal(1, (await services.Get<Purge>().RunAsync(AllOfIt, dryRun: true, NoWait, Cancellation)).Blobs);
        Assert.Equal(1, (await services.Get<Purge>().RunAsync(AllOfIt, dryRun: false, NoWait, Cancellation)).Blobs);
        Assert.Empty(await BlobsAsync(services));
    }

    private static async Task<List<string>> BlobsAsync(MaintenanceServices services) =>
        await services.Get<PayloadBlobs>().ReadAsync(Cancellation).Select(blob => blob.Name).ToListAsync(Cancellation);

    private static string DeadLetterBlob(NotificationId id) => TableKeys.DeadLetterBlob(DeadLetter.Failed, id);

    private static Task RecordAsync(MaintenanceServices services, NotificationId id, string? body = null) =>
        services.Get<DeadLetterTable>().RecordAsync(
        new DeadLetter
        {
            Kind = DeadLetter.Failed,
            Id = id,
            Reason = FailureReason.ProjectionFailed,
            Detail = "why",
            Body = Encoding.UTF8.GetBytes(body ?? Long),
            BodyLength = Long.Length,
        },
        Cancellation);
}
