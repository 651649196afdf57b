using System.Text;
using System.Text.Json.Nodes;
using Azure.Data.Tables;
using Azure.Storage.Queues;
using MarketplaceWebhook.Projecting;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;
using MarketplaceWebhook.Tests.Support.Faults;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace MarketplaceWebhook.Tests.Projecting;

public sealed class DeadLetterRecorderTests(AzuriteFixture azurite)
{
    private static readonly DateTimeOffset Inserted = new(2026, 11, 23, 10, 27, 30, TimeSpan.Zero);
    private static readonly Dictionary<string, string?> ShortTimeLimit = new() { ["TimeLimits:Projecting"] = "00:00:00.001" };

    private readonly string _storage = azurite.NewAccount();

    [Fact]
    public async Task Message_that_is_projected_after_all_does_not_become_a_dead_letter()
    {
        await using var app = new TestApp(_storage);

        await RecordAsync(app, Message.Of(1, Message.Body("started")));

        Assert.Empty(await Rows.ListAsync(app.Storage.DeadLetters, Cancellation));
        Assert.Single(await Rows.ListAsync(app.Storage.Installs, Cancellation));
    }

    [Fact]
    public async Task Projection_that_fails_again_becomes_a_dead_letter_with_type_status_and_code_of_the_fault()
    {
        await using var proxy = await FaultProxy.StartAsync(_storage, Cancellation);
        await using var app = new TestApp(proxy.ConnectionString);
        using var forbidden = proxy.Break(
            Fault.Forbidden, call => call.Resource.StartsWith("StatusChanges", StringComparison.Ordinal));
        var message = Message.Of(1, Message.Body("started"))
            .Replace("\"source\"", "\"userAgent\":\"Cyclr/1.0\",\"source\"", StringComparison.Ordinal);

        await RecordAsync(app, message);

        await AssertRowAsync(app, new JsonObject
        {
            ["PartitionKey"] = "failed",
            ["RowKey"] = TableKeys.NewestFirst(Ids.At(1)),
            ["NotificationId"] = Ids.At(1).ToString(),
            ["ReceivedAt (DateTime)"] = "2026-01-01T00:00:01.0000000+00:00",
            ["Source"] = "shop",
            ["UserAgent"] = "Cyclr/1.0",
            ["Reason"] = "projection-failed",
            ["Detail"] = "RequestFailedException 403 AuthorizationFailure",
            ["AccountId"] = "11111111-2222-3333-4444-555555555555",
            ["Body"] = message,
            ["BodyLength (Int64)"] = message.Length,
        });
    }

    [Fact]
    public async Task Payload_that_the_reader_rejects_becomes_a_dead_letter_with_the_invalid_fields()
    {
        await using var app = new TestApp(_storage);

        await RecordAsync(app, Message.Of(1, Message.Body("")));

        var row = await RowAsync(app);
        Assert.Equal("projection-failed", row.GetString("Reason"));
        Assert.Equal("UnreadablePayloadException: invalid-notification (Status)", row.GetString("Detail"));
        Assert.Equal("11111111-2222-3333-4444-555555555555", row.GetString("AccountId"));
    }

    [Fact]
    public async Task Payload_whose_blob_is_missing_becomes_a_dead_letter_without_an_account()
    {
        await using var app = new TestApp(_storage);

        await RecordAsync(app, Message.Of(1, ""));

        var row = await RowAsync(app);
        Assert.Equal("RequestFailedException 404 BlobNotFound", row.GetString("Detail"));
        Assert.DoesNotContain("AccountId", row.Keys);
    }

    [Fact]
    public async Task Message_of_the_future_changes_no_row_and_becomes_a_dead_letter_with_that_reason()
    {
        await using var app = new TestApp(_storage);
        await app.Get<Projector>().ProjectAsync(Message.Of(1, Message.Body("installed")), Cancellation);
        var rows = await Rows.ETagsAsync(app.Storage.Installs, Cancellation);
        var id = Ids.At(new DateTimeOffset(9999, 12, 31, 23, 59, 59, TimeSpan.Zero));
        var message = Encoding.UTF8.GetString(
            Envelope.Write(id, "shop", null, Encoding.UTF8.GetBytes(Message.Body("uninstalled"))).Span);

        await Assert.ThrowsAsync<FutureNotificationException>(() => app.Get<Projector>().ProjectAsync(message, Cancellation));
        await RecordAsync(app, message);

        var row = await RowAsync(app);
        Assert.Equal(
            "FutureNotificationException: the time of its id, 9999-12-31T23:59:59.000Z, is more than a day from now",
            row.GetString("Detail"));
        Assert.Equal(("projection-failed", message), (row.GetString("Reason"), row.GetString("Body")));
        Assert.Equal(rows, await Rows.ETagsAsync(app.Storage.Installs, Cancellation));
        Assert.Single(await Rows.ListAsync(app.Storage.StatusChanges, Cancellation));
    }

    [Fact]
    public async Task Unreadable_envelope_keeps_its_id_if_it_has_one()
    {
        await using var app = new TestApp(_storage);
        var message = Message.Of(1, Message.Body("started")).Replace("\"v\":1", "\"v\":2", StringComparison.Ordinal);

        await RecordAsync(app, message);

        var row = await RowAsync(app);
        Assert.Equal((Ids.At(1).ToString(), "unreadable-envelope"), (row.GetString("NotificationId"), row.GetString("Reason")));
        Assert.StartsWith("UnreadableEnvelopeException: ", row.GetString("Detail"), StringComparison.Ordinal);
        Assert.Equal(message, row.GetString("Body"));
    }

    [Fact]
    public async Task Message_without_an_id_gets_the_id_of_its_text_and_keeps_the_time_of_its_first_insertion()
    {
        await using var app = new TestApp(_storage);

        await RecordAsync(app, "just plain text");
        await app.Get<DeadLetterRecorder>().RecordAsync("just plain text", Inserted.AddHours(1), Cancellation);
        await app.Get<DeadLetterRecorder>().RecordAsync("another text", Inserted.AddHours(2), Cancellation);

        var rows = (await Rows.ListAsync(app.Storage.DeadLetters, Cancellation))
            .OrderBy(row => row.GetDateTimeOffset("ReceivedAt")).ToList();
        Assert.Equal(["just plain text", "another text"], rows.Select(row => row.GetString("Body")));
        Assert.Equal([Inserted, Inserted.AddHours(2)], rows.Select(row => row.GetDateTimeOffset("ReceivedAt")!.Value));
        // From the SHA-256 of the text, ba6e6c9d9eab0573a46c…: its first 2 bytes and the next 8, each part lowest byte first.
        Assert.Equal("00000000-0000-7eba-aca4-7305ab9e9d6c", rows[0].GetString("NotificationId"));
        Assert.All(rows, row => Assert.DoesNotContain(row.Keys, column => column is "AccountId" or "Source"));
    }

    [Fact]
    public async Task Two_recordings_of_one_text_at_the_same_time_are_one_row()
    {
        await using var app = new TestApp(_storage);
        await app.Storage.CreateMissingAsync(Cancellation);

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => RecordAsync(app, "just plain text")));

        Assert.Equal(Inserted, (await RowAsync(app)).GetDateTimeOffset("ReceivedAt"));
    }

    [Fact]
    public async Task Second_failure_is_recorded_on_a_row_that_was_redriven()
    {
        await using var app = new TestApp(_storage);
        await RecordAsync(app, "just plain text");
        var redriven = await RowAsync(app);
        redriven["RedrivenAt"] = Inserted;
        await app.Storage.DeadLetters.UpdateEntityAsync(redriven, redriven.ETag, cancellationToken: Cancellation);

        await RecordAsync(app, "just plain text");

        Assert.DoesNotContain("RedrivenAt", (await RowAsync(app)).Keys);
    }

    [Fact]
    public async Task Dead_letter_that_cannot_be_written_is_put_back_on_the_poison_queue_and_the_invocation_succeeds()
    {
        await using var proxy = await FaultProxy.StartAsync(_storage, Cancellation);
        await using var app = new TestApp(proxy.ConnectionString, ShortTimeLimit);
        using var broken = proxy.Break(Fault.Forbidden, call => call.Kind == StorageKind.Table);

        await RecordAsync(app, "not even JSON: ü");

        var poison = new QueueClient(_storage, "marketplace-notifications-poison");
        Assert.Equal(1, (await poison.GetPropertiesAsync(Cancellation)).Value.ApproximateMessagesCount);
        Assert.Null((await poison.PeekMessageAsync(Cancellation)).Value);
    }

    [Fact]
    public async Task Dead_letter_that_cannot_be_put_back_either_fails_the_invocation_and_logs_one_error()
    {
        await using var proxy = await FaultProxy.StartAsync(_storage, Cancellation);
        var log = new LogLines();
        await using var app = new TestApp(
            proxy.ConnectionString, ShortTimeLimit, services => services.AddSingleton<ILoggerProvider>(log));
        using var broken = proxy.Break(Fault.Forbidden);

        await Assert.ThrowsAsync<Azure.RequestFailedException>(() => RecordAsync(app, "just plain text"));

        Assert.Equal(
            ["Dead letter 00000000-0000-7eba-aca4-7305ab9e9d6c could be neither recorded nor put back: RequestFailedException 403 AuthorizationFailure"],
            log.Errors);
    }

    private static Task RecordAsync(TestApp app, string message) =>
        app.Get<DeadLetterRecorder>().RecordAsync(message, Inserted, Cancellation);

    private static async Task<TableEntity> RowAsync(TestApp app) =>
        Assert.Single(await Rows.ListAsync(app.Storage.DeadLetters, Cancellation));

    private static async Task AssertRowAsync(TestApp app, JsonObject expected)
    {
        var actual = Rows.Of(await RowAsync(app));
        Assert.True(JsonNode.DeepEquals(expected, actual), actual.ToJsonString(Golden.Json));
    }
}
