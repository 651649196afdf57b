using System.Text;
using System.Text.Json;
using Azure;
using Azure.Storage.Queues;
using MarketplaceWebhook.Maintenance;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Projecting;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;
using MarketplaceWebhook.Tests.Support.Faults;

namespace MarketplaceWebhook.Tests.ChangeFeed;

/// <summary>Which projections put a message on the change feed.</summary>
public sealed class ChangeFeedTests(AzuriteFixture azurite)
{
    private const string Feed = "partner-changes";
    private const string Cycle = ""","MarketplaceInstallDetails":[{"CycleId":"12222222-2222-3333-4444-555555555555"}]""";

    private static readonly Guid Account = new("11111111-2222-3333-4444-555555555555");

    private readonly string _storage = azurite.NewAccount();

    public static TheoryData<string> Statuses => [.. KnownStatus.All];

    [Theory]
    [MemberData(nameof(Statuses))]
    public async Task Projection_of_a_known_status_puts_one_message_on_the_feed(string status)
    {
        await using var app = App(_storage);

        await ProjectAsync(app, 1, status);

        var change = Assert.Single(await ReadAsync());
        Assert.Equal(
            (Ids.At(1).ToString(), $"com.cyclr.marketplace.{status}"),
            (change.GetProperty("id").GetString(), change.GetProperty("type").GetString()));
        Assert.True(change.GetProperty("data").GetProperty("isCurrent").GetBoolean());
    }

    [Fact]
    public async Task Projection_of_an_unknown_status_puts_nothing_on_the_feed()
    {
        await using var app = App(_storage);
        await app.Storage.CreateMissingAsync(Cancellation);

        await ProjectAsync(app, 1, NotificationBody.Unknown);

        Assert.Empty(await ReadAsync());
    }

    [Fact]
    public async Task Message_is_Base64_and_never_expires()
    {
        await using var app = App(_storage);

        await ProjectAsync(app, 1, KnownStatus.Started);

        var message = (await Raw.PeekMessageAsync(Cancellation)).Value;
        Assert.StartsWith(
            """{"specversion":"1.0",""", Encoding.UTF8.GetString(Convert.FromBase64String(message.MessageText)),
            StringComparison.Ordinal);
        Assert.Equal(DateTimeOffset.MaxValue.Year, message.ExpiresOn!.Value.Year);
    }

    [Fact]
    public async Task Redelivery_and_an_older_notification_are_passed_on_with_the_current_install()
    {
        await using var app = App(_storage);
        await ProjectAsync(app, 3, KnownStatus.Installed, Cycle + ""","Errors":["one","two"]""");
        await ProjectAsync(app, 2, KnownStatus.Stopped);
        await ProjectAsync(app, 3, KnownStatus.Installed, Cycle + ""","Errors":["one","two"]""");

        var changes = await ReadAsync();

        Assert.Equal(
            [(Ids.At(3), "installed", true, 1, 2), (Ids.At(2), "stopped", false, 1, 2), (Ids.At(3), "installed", true, 1, 2)],
            changes.Select(change => (
                NotificationId.TryParse(change.GetProperty("id").GetString(), out var id) ? id : default,
                change.GetProperty("data").GetProperty("status").GetString()!,
                change.GetProperty("data").GetProperty("isCurrent").GetBoolean(),
                change.GetProperty("data").GetProperty("cycleCount").GetInt32(),
                change.GetProperty("data").GetProperty("errorCount").GetInt32())));
    }

    [Fact]
    public async Task Message_that_RecordDeadLetter_projects_is_passed_on()
    {
        await using var app = App(_storage);

        await app.Get<DeadLetterRecorder>().RecordAsync(
            Message.Of(1, Message.Body(KnownStatus.Started)), DateTimeOffset.UtcNow, Cancellation);

        Assert.Single(await ReadAsync());
    }

    [Fact]
    public async Task Redriven_dead_letter_is_passed_on_again()
    {
        await using var services = MaintenanceServices.On(_storage, changeFeed: Feed);
        var text = await services.SendAsync(Ids.At(1), Message.Body(KnownStatus.Started));
        await services.Get<Projector>().ProjectAsync(text, Cancellation);
        await services.Get<DeadLetterTable>().RecordAsync(
            new DeadLetter
            {
                Kind = DeadLetter.Failed,
                Id = Ids.At(1),
                Reason = FailureReason.ProjectionFailed,
                Detail = "why",
                Body = Encoding.UTF8.GetBytes(text),
                BodyLength = text.Length,
            },
            Cancellation);

        var deadLetter = Assert.Single(await services.Get<DeadLetterTable>().FindAsync(Ids.At(1), Cancellation));
        await services.Get<Redrive>().RedriveAsync(deadLetter, dryRun: false, Cancellation);
        await services.Get<Projector>().ProjectAsync(
            (await MaintenanceServices.ReceiveAsync(services.Clients.Queue))!, Cancellation);

        Assert.Equal(2, (await ReadAsync()).Count);
    }

    [Fact]
    public async Task Rebuild_purge_and_erase_put_nothing_on_the_feed()
    {
        await using var services = MaintenanceServices.On(_storage, changeFeed: Feed);
        await services.ProjectAsync(Ids.At(1), Message.Body(KnownStatus.Installed));
        await services.ProjectAsync(Ids.At(2), Message.Body(KnownStatus.Stopped));
        var before = (await ReadAsync()).Count;
        await services.Get<InstallTable>().RemoveAsync(
            await services.Get<InstallTable>().ReadRowsAsync(Account.ToString(), Cancellation)
                .ToListAsync(Cancellation), Cancellation);

        var rebuilt = await services.Get<Rebuild>().RunAsync(null, apply: true, TimeSpan.Zero, null, Cancellation)
            .ToListAsync(Cancellation);
        var purged = await services.Get<Purge>().RunAsync(DateTimeOffset.UtcNow, dryRun: false, TimeSpan.Zero, Cancellation);
        var erased = await services.Get<Erasure>().RunAsync(Account, TimeSpan.Zero, Cancellation);

        Assert.True(Assert.Single(rebuilt).Applied);
        Assert.Equal((2, 1, 2), (purged.KeptNotifications + purged.Notifications, erased.Installs, erased.ChangeFeedMessages));
        Assert.Equal((2, 2), (before, (await ReadAsync()).Count));
    }

    [Fact]
    public async Task Erase_reports_the_messages_of_the_account_that_stay()
    {
        await using var services = MaintenanceServices.On(_storage, changeFeed: Feed);
        await services.ProjectAsync(Ids.At(1), Message.Body(KnownStatus.Installed));
        await services.ProjectAsync(Ids.At(2), NotificationBody.Of(KnownStatus.Installed, Guid.NewGuid()));
        var environment = new Dictionary<string, string> { ["ChangeFeed"] = Feed };
        var arguments = new[] { "erase", Account.ToString(), "--yes", "--wait", "0s" };

        var first = await InProcessCli.RunAsync(_storage, environment, arguments);
        await Raw.DeleteAsync(Cancellation);
        var second = await InProcessCli.RunAsync(_storage, environment, arguments);

        Assert.Equal((0, 0), (first.ExitCode, second.ExitCode));
        Assert.Contains(
            "Messages of the account that stay on the change feed, among its first 32: 1. Erase the account in the application that "
            + "reads them, too.",
            first.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("change feed", second.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Queue_that_was_deleted_is_created_again()
    {
        await using var app = App(_storage);
        await ProjectAsync(app, 1, KnownStatus.Started);
        await Raw.DeleteAsync(Cancellation);

        await ProjectAsync(app, 2, KnownStatus.Started);

        Assert.Equal(Ids.At(2).ToString(), Assert.Single(await ReadAsync()).GetProperty("id").GetString());
    }

    [Fact]
    public async Task Failed_put_is_retried_in_the_invocation_and_repeats_no_completed_step()
    {
        await using var proxy = await FaultProxy.StartAsync(_storage, Cancellation);
        await using var app = App(proxy.ConnectionString);
        await app.Storage.CreateMissingAsync(Cancellation);
        var from = proxy.Calls.Count;
        var puts = 0;
        // The client itself tries a call three times: the fourth is the projection's own second attempt.
        proxy.Before = call => Task.FromResult(IsFeed(call) && ++puts <= 3 ? Fault.ServerBusy : null);

        await ProjectAsync(app, 1, KnownStatus.Started);

        Assert.Single(await ReadAsync());
        Assert.Equal(
            ["Entity Group Transaction", "Insert Entity", .. Enumerable.Repeat("Put Message", 4), "Query Entities"],
            proxy.Calls.Skip(from).Select(call => call.Operation).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Put_that_is_denied_fails_the_projection_and_the_next_delivery_passes_the_change_on()
    {
        await using var proxy = await FaultProxy.StartAsync(_storage, Cancellation);
        await using var app = App(proxy.ConnectionString);
        await app.Storage.CreateMissingAsync(Cancellation);

        using (proxy.Break(Fault.Forbidden, IsFeed))
        {
            await Assert.ThrowsAsync<RequestFailedException>(() => ProjectAsync(app, 1, KnownStatus.Started));
        }

        Assert.Single(await Rows.ListAsync(app.Storage.Installs, Cancellation));
        Assert.Empty(await ReadAsync());
        await ProjectAsync(app, 1, KnownStatus.Started);
        Assert.Single(await ReadAsync());
    }

    [Fact]
    public async Task Projection_without_a_feed_makes_no_additional_call()
    {
        await using var proxy = await FaultProxy.StartAsync(_storage, Cancellation);
        await using var app = new TestApp(proxy.ConnectionString, new() { ["ChangeFeed"] = "" });
        await app.Storage.CreateMissingAsync(Cancellation);
        var from = proxy.Calls.Count;

        await ProjectAsync(app, 1, KnownStatus.Started);

        Assert.Equal(
            ["Entity Group Transaction", "Insert Entity", "Query Entities"],
            proxy.Calls.Skip(from).Select(call => call.Operation).Order(StringComparer.Ordinal));
        Assert.DoesNotContain(proxy.Calls, call => call.Resource.StartsWith(Feed, StringComparison.Ordinal));
    }

    private QueueClient Raw => new(_storage, Feed);

    private static bool IsFeed(StorageCall call) => call.Resource.StartsWith(Feed, StringComparison.Ordinal);

    private static TestApp App(string storage) => new(storage, new() { ["ChangeFeed"] = Feed });

    private static Task ProjectAsync(TestApp app, int second, string status, string fields = "") =>
        app.Get<Projector>().ProjectAsync(Message.Of(second, Message.Body(status, fields)), Cancellation);

    /// <summary>Every message on the feed, in its order.</summary>
    private async Task<IReadOnlyList<JsonElement>> ReadAsync()
    {
        var feed = new QueueClient(_storage, Feed, new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 });
        return [.. (await feed.PeekMessagesAsync(32, Cancellation)).Value
            .Select(message => JsonDocument.Parse(message.Body).RootElement)];
    }
}
