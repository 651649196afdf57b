using System.Text;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using MarketplaceWebhook.Maintenance;
using MarketplaceWebhook.Projecting;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.Tests.Maintenance;

public sealed class ErasureTests(AzuriteFixture azurite)
{
    private static readonly Guid Account = new("aaaaaaaa-0000-0000-0000-000000000001");
    private static readonly Guid Other = new("bbbbbbbb-0000-0000-0000-000000000002");
    private static readonly TimeSpan NoPatience = TimeSpan.Zero;
    private static readonly string Long = new('x', 40_000);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nothing_of_the_account_is_left_and_everything_of_the_others()
    {
        await using var rooms = await MaintenanceServices.StartAsync(azurite);
        await FillAsync(rooms, Other, 10);
        var others = await EverythingAsync(rooms);
        await FillAsync(rooms, Account, 0);

        var erased = await rooms.Get<Erasure>().RunAsync(Account, NoPatience, Token);

        Assert.Equal(others, await EverythingAsync(rooms));
        Assert.Equivalent(
            new { Installs = 3, Notifications = 3, DeadLetters = 5, Blobs = 3, Messages = 2, QueueInspector = 0 }, erased);
    }

    [Fact]
    public async Task Counting_changes_nothing_and_counts_what_would_be_removed()
    {
        await using var rooms = await MaintenanceServices.StartAsync(azurite);
        await FillAsync(rooms, Account, 0);
        var before = await EverythingAsync(rooms);

        var counted = await rooms.Get<Erasure>().CountAsync(Account, Token);

        Assert.Equal(before, await EverythingAsync(rooms));
        Assert.Equivalent(new { Installs = 3, Notifications = 3, DeadLetters = 5, Blobs = 3, QueueInspector = 2 }, counted);
    }

    [Fact]
    public async Task A_message_on_its_way_is_waited_for_and_what_it_becomes_removed_too()
    {
        await using var rooms = await MaintenanceServices.StartAsync(azurite);
        await FillAsync(rooms, Account, 0);
        var text = await rooms.SendAsync(Ids.Minute(50), NotificationBody.Of("stopped", Account, padding: Long));
        await rooms.Get<NotificationQueue>().ResendAsync(text, Token);

        var erasure = rooms.Get<Erasure>().RunAsync(Account, TimeSpan.FromMinutes(1), Token);
        await Wait.ForAsync("the account to be removed", rooms.InstallsAsync, rows => rows.Count == 0, Token);
        Assert.False(erasure.IsCompleted);
        await rooms.Get<Projector>().ProjectAsync((await MaintenanceServices.ReceiveAsync(rooms.Clients.Queue))!, Token);

        Assert.Equal(0, (await erasure).QueueInspector);
        Assert.Empty(await EverythingAsync(rooms));
    }

    [Fact]
    public async Task A_message_that_nobody_takes_is_told()
    {
        await using var rooms = await MaintenanceServices.StartAsync(azurite);
        await rooms.Get<NotificationQueue>().ResendAsync(
            await rooms.SendAsync(Ids.Minute(1), NotificationBody.Of("stopped", Account)), Token);
        await rooms.Get<NotificationQueue>().ResendAsync(
            await rooms.SendAsync(Ids.Minute(2), NotificationBody.Of("stopped", Other)), Token);

        Assert.Equal(1, (await rooms.Get<Erasure>().RunAsync(Account, NoPatience, Token)).QueueInspector);
    }

    [Fact]
    public async Task A_message_that_somebody_works_on_cannot_be_looked_at_and_is_told()
    {
        await using var rooms = await MaintenanceServices.StartAsync(azurite);
        await rooms.Get<NotificationQueue>().ResendAsync("{}", Token);
        await rooms.Clients.Queue.ReceiveMessageAsync(TimeSpan.FromMinutes(5), Token);

        Assert.Equal(1, (await rooms.Get<Erasure>().RunAsync(Account, NoPatience, Token)).UnseenMessages);
    }

    [Fact]
    public async Task Soft_delete_is_read_in_days()
    {
        await using var rooms = await MaintenanceServices.StartAsync(azurite);
        Assert.Equal(TimeSpan.Zero, await rooms.Get<PayloadBlobs>().GetSoftDeleteAsync(Token));

        var service = new BlobServiceClient(rooms.ConnectionString);
        BlobServiceProperties properties = await service.GetPropertiesAsync(Token);
        properties.DeleteRetentionPolicy = new BlobRetentionPolicy { Enabled = true, Days = 14 };
        await service.SetPropertiesAsync(properties, Token);

        Assert.Equal(TimeSpan.FromDays(14), await rooms.Get<PayloadBlobs>().GetSoftDeleteAsync(Token));
    }

    /// <summary>3 rows, 3 notifications, 5 dead letters, 3 blobs, 2 poison messages.</summary>
    private static async Task FillAsync(MaintenanceServices rooms, Guid account, int minute)
    {
        var apiId = $"api of {account}";
        await rooms.ProjectAsync(
            Ids.Minute(minute), NotificationBody.Of("installed", account, apiId: apiId, cycles: [Guid.NewGuid()], padding: Long));
        await rooms.ProjectAsync(Ids.Minute(minute + 1), NotificationBody.Of("stopped", account, package: 2));
        await rooms.ProjectAsync(Ids.Minute(minute + 2), NotificationBody.Of("paused", account));

        var failed = await rooms.SendAsync(Ids.Minute(minute + 3), NotificationBody.Of("started", account, padding: Long));
        await RecordAsync(DeadLetter.Failed, 3, failed, account);
        await RecordAsync(DeadLetter.Rejected, 4, $"no JSON, but {account:N}", null);
        await RecordAsync(DeadLetter.Rejected, 5, $"{Long} {account}", null);
        await RecordAsync(DeadLetter.Rejected, 6, $$"""{"AccountApiId":"{{apiId}}"}""", null);
        await RecordAsync(DeadLetter.Rejected, 7, "", account);

        await rooms.Clients.PoisonQueue.SendMessageAsync(
            await rooms.SendAsync(Ids.Minute(minute + 8), NotificationBody.Of("started", account)), Token);
        await rooms.Clients.RawPoisonQueue.SendMessageAsync($"raw {account}", Token);

        Task RecordAsync(string kind, int offset, string body, Guid? named) => rooms.Get<DeadLetterTable>().RecordAsync(
            new DeadLetter
            {
                Kind = kind,
                Id = Ids.Minute(minute + offset),
                Reason = FailureReason.ProjectionFailed,
                Detail = "why",
                AccountId = named,
                Body = Encoding.UTF8.GetBytes(body),
                BodyLength = body.Length,
            },
            Token);
    }

    private static async Task<List<string>> EverythingAsync(MaintenanceServices rooms)
    {
        var everything = await rooms.InstallsAsync();
        everything.AddRange(
            await rooms.Get<StatusChangeLog>().ReadAsync(null, Token).Select(MaintenanceServices.Text).ToListAsync(Token));
        everything.AddRange(
            await rooms.Get<DeadLetterTable>().ReadAsync(null, null, Token).Select(letter => MaintenanceServices.Text(letter.Row)).ToListAsync(Token));
        everything.AddRange(await rooms.Get<PayloadBlobs>().ReadAsync(Token).Select(blob => blob.Name).ToListAsync(Token));
        foreach (var look in await rooms.Get<QueueInspector>().PeekAsync(Token))
        {
            Assert.Equal(0, look.Unseen);
            everything.AddRange(look.Seen.Select(message => message.Text).Order(StringComparer.Ordinal));
        }

        return everything;
    }
}
