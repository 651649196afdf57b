using System.Text;
using System.Text.Json.Nodes;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.Tests.Storage;

public sealed class DeadLetterTableTests(AzuriteFixture azurite)
{
    private readonly string _storage = azurite.NewAccount();

    [Fact]
    public async Task Row_has_exactly_the_columns_of_the_contract()
    {
        await using var app = new TestApp(_storage);

        await RecordAsync(app, DeadLetterOf("{\"a\":1}"u8.ToArray()) with
        {
            Source = "shop",
            AccountId = Guid.Parse("ABCDEF01-2222-3333-4444-555555555555"),
        });

        await AssertRowAsync(app, $$"""
            {
                "PartitionKey": "rejected",
                "RowKey": "{{TableKeys.NewestFirst(Ids.At(1))}}",
                "NotificationId": "{{Ids.At(1)}}",
                "ReceivedAt (DateTime)": "2026-01-01T00:00:01.0000000+00:00",
                "Source": "shop",
                "Reason": "invalid-notification",
                "Detail": "Status is required.",
                "AccountId": "abcdef01-2222-3333-4444-555555555555",
                "Body": "{\"a\":1}",
                "BodyLength (Int64)": 7
            }
            """);
    }

    [Fact]
    public async Task Empty_body_has_a_column_and_absent_values_have_none()
    {
        await using var app = new TestApp(_storage);

        await RecordAsync(app, DeadLetterOf([]) with { Kind = DeadLetter.Failed });

        await AssertRowAsync(app, $$"""
            {
                "PartitionKey": "failed",
                "RowKey": "{{TableKeys.NewestFirst(Ids.At(1))}}",
                "NotificationId": "{{Ids.At(1)}}",
                "ReceivedAt (DateTime)": "2026-01-01T00:00:01.0000000+00:00",
                "Reason": "invalid-notification",
                "Detail": "Status is required.",
                "Body": "",
                "BodyLength (Int64)": 0
            }
            """);
    }

    [Fact]
    public async Task Body_of_32000_characters_is_in_the_column_only()
    {
        await using var app = new TestApp(_storage);
        var body = new string('€', 32_000);

        await RecordAsync(app, DeadLetterOf(Encoding.UTF8.GetBytes(body)));

        var row = await RowAsync(app);
        Assert.Equal((body, 96_000L, null), (row.GetString("Body"), row.GetInt64("BodyLength"), row.GetString("BodyBlob")));
    }

    [Fact]
    public async Task Longer_body_is_complete_in_a_blob()
    {
        await using var app = new TestApp(_storage);
        var body = Encoding.UTF8.GetBytes(new string('x', 31_999) + "👍");

        await RecordAsync(app, DeadLetterOf(body) with { AccountId = Guid.Empty });

        var row = await RowAsync(app);
        Assert.Equal((new string('x', 31_999), $"dead/rejected/{Ids.At(1)}"), (row.GetString("Body"), row.GetString("BodyBlob")));
        var blob = await app.Storage.Payloads.GetBlobClient(row.GetString("BodyBlob")).DownloadContentAsync(Cancellation);
        Assert.Equal(body, blob.Value.Content.ToArray());
        Assert.Equal([KeyValuePair.Create("accountId", Guid.Empty.ToString())], blob.Value.Details.Metadata);
    }

    [Fact]
    public async Task Body_that_was_rejected_and_failed_under_the_same_id_has_a_blob_for_each()
    {
        await using var app = new TestApp(_storage);
        var (rejected, failed) = (new byte[40_000], Encoding.UTF8.GetBytes(new string('x', 40_000)));

        await RecordAsync(app, DeadLetterOf(rejected));
        await RecordAsync(app, DeadLetterOf(failed) with { Kind = DeadLetter.Failed });

        var table = app.Get<DeadLetterTable>();
        var bodies = new List<byte[]>();
        foreach (var deadLetter in await table.FindAsync(Ids.At(1), Cancellation))
        {
            bodies.Add((await table.GetBodyAsync(deadLetter, Cancellation))!.Value.ToArray());
        }

        Assert.Equal([failed, rejected], bodies);
    }

    [Fact]
    public async Task Body_that_is_not_UTF_8_is_in_a_blob_as_bytes()
    {
        await using var app = new TestApp(_storage);

        await RecordAsync(app, DeadLetterOf([0x7B, 0xE4, 0x7D]));

        var row = await RowAsync(app);
        Assert.Equal(("{\uFFFD}", 3L), (row.GetString("Body"), row.GetInt64("BodyLength")));
        var blob = await app.Storage.Payloads.GetBlobClient(row.GetString("BodyBlob")).DownloadContentAsync(Cancellation);
        Assert.Equal([0x7B, 0xE4, 0x7D], blob.Value.Content.ToArray());
    }

    [Fact]
    public async Task Too_large_body_has_its_beginning_and_no_blob()
    {
        await using var app = new TestApp(_storage);

        await RecordAsync(
            app, DeadLetterOf(new byte[1_000_000]) with { Reason = RejectionReason.TooLarge, BodyLength = 5_000_000_000 });

        var row = await RowAsync(app);
        Assert.Equal(
            (new string('\0', 32_000), 5_000_000_000L, null),
            (row.GetString("Body"), row.GetInt64("BodyLength"), row.GetString("BodyBlob")));
    }

    [Fact]
    public async Task Recording_again_replaces_the_row_and_clears_RedrivenAt()
    {
        await using var app = new TestApp(_storage);
        await RecordAsync(app, DeadLetterOf("{}"u8.ToArray()) with { Source = "shop" });
        var redriven = await RowAsync(app);
        redriven["RedrivenAt"] = DateTimeOffset.UnixEpoch;
        await app.Storage.DeadLetters.UpdateEntityAsync(redriven, redriven.ETag, cancellationToken: Cancellation);

        await RecordAsync(app, DeadLetterOf("{}"u8.ToArray()));

        Assert.DoesNotContain((await RowAsync(app)).Keys, column => column is "RedrivenAt" or "Source");
    }

    [Fact]
    public async Task Newest_dead_letter_is_first()
    {
        await using var app = new TestApp(_storage);
        foreach (var second in new[] { 2, 3, 1 })
        {
            await RecordAsync(app, DeadLetterOf("{}"u8.ToArray()) with { Id = Ids.At(second) });
        }

        var rows = await Rows.ListAsync(app.Storage.DeadLetters, Cancellation);
        Assert.Equal([$"{Ids.At(3)}", $"{Ids.At(2)}", $"{Ids.At(1)}"], rows.Select(row => row.GetString("NotificationId")));
    }

    internal static DeadLetter DeadLetterOf(byte[] body) => new()
    {
        Kind = DeadLetter.Rejected,
        Id = Ids.At(1),
        Reason = RejectionReason.InvalidNotification,
        Detail = "Status is required.",
        Body = body,
        BodyLength = body.Length,
    };

    private static Task RecordAsync(TestApp app, DeadLetter deadLetter) =>
        app.Get<DeadLetterTable>().RecordAsync(deadLetter, Cancellation);

    private static async Task<Azure.Data.Tables.TableEntity> RowAsync(TestApp app) =>
        Assert.Single(await Rows.ListAsync(app.Storage.DeadLetters, Cancellation));

    private static async Task AssertRowAsync(TestApp app, string expected)
    {
        var actual = Rows.Of(await RowAsync(app));
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), actual), actual.ToJsonString(Golden.Json));
    }
}
