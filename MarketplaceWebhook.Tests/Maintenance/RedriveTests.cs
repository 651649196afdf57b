using System.Text;
using Azure.Data.Tables;
using MarketplaceWebhook.Maintenance;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Projecting;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;
using MarketplaceWebhook.Tests.Support.Faults;
using Microsoft.Extensions.Time.Testing;

namespace MarketplaceWebhook.Tests.Maintenance;

public sealed class RedriveTests(AzuriteFixture azurite)
{
    private static readonly Guid Account = new("aaaaaaaa-0000-0000-0000-000000000001");
    private static readonly NotificationId Id = Ids.Minute(7);

    [Theory]
    [InlineData(100)]
    [InlineData(40_000)]
    public async Task Failed_message_is_redriven_unchanged_and_keeps_its_order(int padding)
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        var text = await services.SendAsync(Id, NotificationBody.Of("stopped", Account, padding: new string('x', padding)));
        await RecordAsync(services, DeadLetter.Failed, FailureReason.ProjectionFailed, text);
        await services.ProjectAsync(Ids.Minute(9), NotificationBody.Of("started", Account));

        Assert.Equal(RedriveOutcome.Sent, (await RedriveAsync(services)).Outcome);

        var message = await MaintenanceServices.ReceiveAsync(services.Clients.Queue);
        Assert.Equal(text, message);
        await services.Get<Projector>().ProjectAsync(message!, Cancellation);
        Assert.Contains("Status=started", Assert.Single(await services.InstallsAsync()), StringComparison.Ordinal);
        Assert.NotNull((await LetterAsync(services)).RedrivenAt);
    }

    [Fact]
    public async Task Message_too_long_for_a_column_is_redriven_completely()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        var text = new string('ü', 24_000) + new string('x', 50);
        await RecordAsync(services, DeadLetter.Failed, FailureReason.UnreadableEnvelope, text[..24_050]);
        await RecordAsync(services, DeadLetter.Failed, FailureReason.UnreadableEnvelope, new string('x', 40_000) + "end");

        Assert.Equal(RedriveOutcome.Sent, (await RedriveAsync(services)).Outcome);

        Assert.EndsWith("xend", await MaintenanceServices.ReceiveAsync(services.Clients.Queue), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, "default")]
    [InlineData("shop-1", "shop-1")]
    public async Task Rejected_body_that_is_valid_now_is_redriven_with_its_id_source_and_user_agent(
        string? source, string expected)
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        var body = NotificationBody.Of("installed", Account);
        await RecordAsync(services, DeadLetter.Rejected, RejectionReason.InvalidNotification, "\uFEFF" + body, source);

        Assert.Equal(RedriveOutcome.Sent, (await RedriveAsync(services)).Outcome);

        var envelope = Envelope.Read((await MaintenanceServices.ReceiveAsync(services.Clients.Queue))!);
        Assert.Equal(
            (Id, expected, "Cyclr/1.0", body), (envelope.Id, envelope.Source, envelope.UserAgent, envelope.Payload));
    }

    [Fact]
    public async Task Body_that_is_still_rejected_is_reported_and_not_marked()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        await RecordAsync(services, DeadLetter.Rejected, RejectionReason.InvalidNotification, """{"Status":"installed"}""");

        var result = await RedriveAsync(services);

        Assert.Equal(RedriveOutcome.RejectedAgain, result.Outcome);
        Assert.Equal(
            "AccountId is required: a GUID. MarketplaceIntegrationPackageId is required: an integer from 1 to "
            + "9223372036854775807.", result.Why);
        Assert.Null(await MaintenanceServices.ReceiveAsync(services.Clients.Queue));
        Assert.Null((await LetterAsync(services)).RedrivenAt);
    }

    [Fact]
    public async Task Too_large_body_is_skipped()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        await RecordAsync(services, DeadLetter.Rejected, RejectionReason.TooLarge, NotificationBody.Of("installed", Account));

        Assert.Equal(RedriveOutcome.TooLarge, (await RedriveAsync(services)).Outcome);
        Assert.Null(await MaintenanceServices.ReceiveAsync(services.Clients.Queue));
    }

    [Theory]
    [InlineData("purge")]
    [InlineData("erase")]
    public async Task Payload_of_a_redriven_message_stays_when_a_purge_or_an_erase_runs_before_the_message_is_sent(string command)
    {
        await using var direct = await MaintenanceServices.StartAsync(azurite);
        var text = await direct.SendAsync(Id, NotificationBody.Of("stopped", Account, padding: new string('x', 40_000)));
        await RecordAsync(direct, DeadLetter.Failed, FailureReason.ProjectionFailed, text);
        // The times of blobs are whole seconds.
        var before = DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 1);
        await Wait.ForAsync(
            "the next second", () => Task.FromResult(DateTimeOffset.UtcNow), now => now > before, Cancellation);
        await using var proxy = await FaultProxy.StartAsync(direct.ConnectionString, Cancellation);
        proxy.Before = async call =>
        {
            if (call.Operation == "Put Message")
            {
                await (command == "erase"
                    ? (Task)direct.Get<Erasure>().RunAsync(Account, TimeSpan.Zero, Cancellation)
                    : direct.Get<Purge>().RunAsync(before, dryRun: false, TimeSpan.Zero, Cancellation));
            }

            return null;
        };
        await using var services = MaintenanceServices.On(proxy.ConnectionString);

        Assert.Equal(RedriveOutcome.Sent, (await RedriveAsync(services)).Outcome);

        Assert.Empty(await direct.Get<DeadLetterTable>().FindAsync(Id, Cancellation));
        await direct.Get<Projector>().ProjectAsync((await MaintenanceServices.ReceiveAsync(direct.Clients.Queue))!, Cancellation);
        Assert.Contains("Status=stopped", Assert.Single(await direct.InstallsAsync()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(DeadLetter.Failed)]
    [InlineData(DeadLetter.Rejected)]
    public async Task Notification_of_the_future_is_redriven_once_its_time_has_come(string kind)
    {
        var time = new FakeTimeProvider(Id.ReceivedAt.AddDays(-1).AddMinutes(-1));
        await using var services = await MaintenanceServices.StartAsync(azurite, time: time);
        var body = NotificationBody.Of("stopped", Account);
        var text = await services.SendAsync(Id, body);
        await RecordAsync(services, kind, FailureReason.ProjectionFailed, kind == DeadLetter.Failed ? text : body);

        var early = await RedriveAsync(services);

        Assert.Equal(
            (RedriveOutcome.TooEarly, "the time of its id, 2026-01-01T00:07:00.000Z, is more than a day from now"),
            (early.Outcome, early.Why));
        Assert.Null(await MaintenanceServices.ReceiveAsync(services.Clients.Queue));
        Assert.Null((await LetterAsync(services)).RedrivenAt);
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(RedriveOutcome.Sent, (await RedriveAsync(services)).Outcome);
        await services.Get<Projector>().ProjectAsync(
            (await MaintenanceServices.ReceiveAsync(services.Clients.Queue))!, Cancellation);
        Assert.Contains("Status=stopped", Assert.Single(await services.InstallsAsync()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Failed_message_whose_payload_is_gone_is_reported_and_not_sent()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        var text = await services.SendAsync(Id, NotificationBody.Of("stopped", Account, padding: new string('x', 40_000)));
        await RecordAsync(services, DeadLetter.Failed, FailureReason.ProjectionFailed, text);
        await services.Get<PayloadBlobs>().RemoveAsync(TableKeys.PayloadBlob(Id), Cancellation);

        var result = await RedriveAsync(services);

        Assert.Equal((RedriveOutcome.Unreadable, $"its blob {Id}.json is gone"), (result.Outcome, result.Why));
        Assert.Null(await MaintenanceServices.ReceiveAsync(services.Clients.Queue));
    }

    [Fact]
    public async Task Redriving_twice_changes_nothing()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        var text = await services.SendAsync(Id, NotificationBody.Of("stopped", Account));
        await RecordAsync(services, DeadLetter.Failed, FailureReason.ProjectionFailed, text);

        await RedriveAsync(services);
        await RedriveAsync(services);

        await services.Get<Projector>().ProjectAsync(
            (await MaintenanceServices.ReceiveAsync(services.Clients.Queue))!, Cancellation);
        var once = await services.InstallsAsync();
        await services.Get<Projector>().ProjectAsync(
            (await MaintenanceServices.ReceiveAsync(services.Clients.Queue))!, Cancellation);
        Assert.Equal(once, await services.InstallsAsync());
        Assert.Single(await services.Get<StatusChangeLog>().ReadAsync(null, Cancellation).ToListAsync(Cancellation));
    }

    [Fact]
    public async Task Dead_letter_recorded_again_since_it_was_read_stays_unmarked()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        var text = await services.SendAsync(Id, NotificationBody.Of("stopped", Account));
        await RecordAsync(services, DeadLetter.Failed, FailureReason.ProjectionFailed, text);
        var read = await LetterAsync(services);
        await RecordAsync(services, DeadLetter.Failed, FailureReason.ProjectionFailed, text);

        await services.Get<Redrive>().RedriveAsync(read, dryRun: false, Cancellation);

        Assert.Null((await LetterAsync(services)).RedrivenAt);
    }

    [Fact]
    public async Task Dry_run_changes_nothing()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        await RecordAsync(
            services, DeadLetter.Rejected, RejectionReason.InvalidNotification, NotificationBody.Of("installed", Account));
        await services.Clients.RawPoisonQueue.SendMessageAsync("raw", Cancellation);

        Assert.Equal(
            RedriveOutcome.Sent,
            (await services.Get<Redrive>().RedriveAsync(await LetterAsync(services), dryRun: true, Cancellation)).Outcome);
        Assert.Single(await services.Get<Redrive>().RedrivePoisonAsync(dryRun: true, Cancellation).ToListAsync(Cancellation));

        Assert.Null(await MaintenanceServices.ReceiveAsync(services.Clients.Queue));
        Assert.Null((await LetterAsync(services)).RedrivenAt);
        Assert.NotNull(await MaintenanceServices.ReceiveAsync(services.Clients.RawPoisonQueue));
    }

    [Fact]
    public async Task Poison_messages_are_redriven_whether_Base64_or_not()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        var encoded = await services.SendAsync(Ids.Minute(1), NotificationBody.Of("installed", Account));
        var raw = await services.SendAsync(Ids.Minute(2), NotificationBody.Of("stopped", Account));
        await services.Clients.PoisonQueue.SendMessageAsync(encoded, Cancellation);
        await services.Clients.RawPoisonQueue.SendMessageAsync(raw, Cancellation);
        await services.Clients.RawPoisonQueue.SendMessageAsync("no envelope", Cancellation);

        var redriven = await services.Get<Redrive>().RedrivePoisonAsync(dryRun: false, Cancellation).ToListAsync(Cancellation);

        Assert.Equal([Ids.Minute(1), Ids.Minute(2), null], redriven.Select(message => message.Id));
        Assert.All(redriven, message => Assert.Equal(RedriveOutcome.Sent, message.Result.Outcome));
        Assert.Equal(0, (await services.Clients.PoisonQueue.GetPropertiesAsync(Cancellation)).Value.ApproximateMessagesCount);
        string?[] texts = [await Next(), await Next(), await Next()];
        Assert.Equal([encoded, raw, "no envelope"], texts.Order(Comparer<string?>.Create((a, b) => Rank(a) - Rank(b))));

        Task<string?> Next() => MaintenanceServices.ReceiveAsync(services.Clients.Queue);
        int Rank(string? text) => text == encoded ? 0 : text == raw ? 1 : 2;
    }

    [Fact]
    public async Task Poison_messages_beyond_the_first_32_are_redriven()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        await Parallel.ForAsync(
            0, 70, Cancellation, async (n, token) => await services.Clients.PoisonQueue.SendMessageAsync($"message {n}", token));

        Assert.Equal(70, await services.Get<Redrive>().RedrivePoisonAsync(dryRun: false, Cancellation).CountAsync(Cancellation));
        Assert.Equal(70, (await services.Clients.Queue.GetPropertiesAsync(Cancellation)).Value.ApproximateMessagesCount);
    }

    [Fact]
    public async Task Foreign_row_is_reported_and_unchanged()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        await services.Clients.DeadLetters.AddEntityAsync(new TableEntity(DeadLetter.Failed, "x") { ["Body"] = 5 }, Cancellation);
        var deadLetter = Assert.Single(
            await services.Get<DeadLetterTable>().ReadAsync(null, null, Cancellation).ToListAsync(Cancellation));

        Assert.Equal(
            RedriveOutcome.Unreadable,
            (await services.Get<Redrive>().RedriveAsync(deadLetter, dryRun: false, Cancellation)).Outcome);
    }

    [Fact]
    public async Task Dead_letters_are_listed_by_kind_newest_first()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        foreach (var minute in Enumerable.Range(1, 4))
        {
            var kind = minute % 2 == 1 ? DeadLetter.Failed : DeadLetter.Rejected;
            await RecordAsync(services, kind, "invalid-json", "x", id: Ids.Minute(minute));
        }

        Assert.Equal([Ids.Minute(3), Ids.Minute(1), Ids.Minute(4), Ids.Minute(2)], await IdsOf(null, null));
        Assert.Equal([Ids.Minute(4), Ids.Minute(2)], await IdsOf(DeadLetter.Rejected, null));
        Assert.Equal([Ids.Minute(3), Ids.Minute(4), Ids.Minute(2)], await IdsOf(null, Ids.Start.AddMinutes(2)));

        async Task<List<NotificationId?>> IdsOf(string? kind, DateTimeOffset? since) =>
            await services.Get<DeadLetterTable>().ReadAsync(kind, since, Cancellation)
                .Select(deadLetter => deadLetter.Id).ToListAsync(Cancellation);
    }

    [Fact]
    public async Task Dead_letter_of_a_message_without_an_id_is_listed_last_and_selected_by_its_insertion_time()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        await RecordAsync(services, DeadLetter.Failed, FailureReason.ProjectionFailed, "x", id: Ids.Minute(2));
        await services.Get<DeadLetterRecorder>().RecordAsync("no envelope", Ids.Start.AddMinutes(4), Cancellation);

        Assert.Equal(["x", "no envelope"], await BodiesOf(null));
        Assert.Equal(["x", "no envelope"], await BodiesOf(Ids.Start.AddMinutes(2)));
        Assert.Equal(["no envelope"], await BodiesOf(Ids.Start.AddMinutes(4)));
        Assert.Empty(await BodiesOf(Ids.Start.AddMinutes(5)));

        async Task<List<string?>> BodiesOf(DateTimeOffset? since) => await services.Get<DeadLetterTable>()
            .ReadAsync(DeadLetter.Failed, since, Cancellation).Select(deadLetter => deadLetter.Body).ToListAsync(Cancellation);
    }

    [Fact]
    public async Task Message_without_an_id_that_fails_again_after_a_redrive_stays_one_dead_letter()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        await services.Get<DeadLetterRecorder>().RecordAsync("no envelope", Ids.Minute(1).ReceivedAt, Cancellation);
        var deadLetter = Assert.Single(
            await services.Get<DeadLetterTable>().ReadAsync(null, null, Cancellation).ToListAsync(Cancellation));

        await services.Get<Redrive>().RedriveAsync(deadLetter, dryRun: false, Cancellation);
        var text = await MaintenanceServices.ReceiveAsync(services.Clients.Queue);
        await services.Get<DeadLetterRecorder>().RecordAsync(text!, Ids.Minute(9).ReceivedAt, Cancellation);

        var again = Assert.Single(
            await services.Get<DeadLetterTable>().ReadAsync(null, null, Cancellation).ToListAsync(Cancellation));
        Assert.Equal((deadLetter.Id, null), (again.Id, again.RedrivenAt));
        Assert.Equal(Ids.Minute(1).ReceivedAt, again.Row.Time(Columns.ReceivedAt));
    }

    private static async Task<StoredDeadLetter> LetterAsync(MaintenanceServices services) =>
        Assert.Single(await services.Get<DeadLetterTable>().FindAsync(Id, Cancellation));

    private static async Task<RedriveResult> RedriveAsync(MaintenanceServices services) =>
        await services.Get<Redrive>().RedriveAsync(await LetterAsync(services), dryRun: false, Cancellation);

    private static Task RecordAsync(
        MaintenanceServices services, string kind, string reason, string body, string? source = null,
        NotificationId? id = null) =>
        services.Get<DeadLetterTable>().RecordAsync(
            new DeadLetter
            {
                Kind = kind,
                Id = id ?? Id,
                Source = source,
                UserAgent = "Cyclr/1.0",
                Reason = reason,
                Detail = "why",
                Body = Encoding.UTF8.GetBytes(body),
                BodyLength = Encoding.UTF8.GetByteCount(body),
            },
            Cancellation);
}
