using System.Text;
using System.Text.Json;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;

namespace MarketplaceWebhook.Tests.Storage;

public sealed class EnvelopeTests
{
    private const string Id = "019ab012-3456-7001-8000-00000000002a";
    private const string ReceivedAt = "2025-11-23T09:36:14.422Z";
    private const string TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    private static readonly NotificationId ParsedId = NotificationId.TryParse(Id, out var id) ? id : default;

    [Fact]
    public void Envelope_is_written_as_in_the_contract() =>
        Assert.Equal(
            $$"""{"v":1,"notificationId":"{{Id}}","receivedAt":"{{ReceivedAt}}","source":"shop","traceparent":"{{TraceParent}}","payload":"{\"Größe\": \"<&'+日>\"}\n"}""",
            Write("shop", TraceParent, "{\"Größe\": \"<&'+日>\"}\n"));

    [Fact]
    public void Envelope_with_a_user_agent_has_userAgent() =>
        Assert.Equal(
            $$"""{"v":1,"notificationId":"{{Id}}","receivedAt":"{{ReceivedAt}}","source":"shop","userAgent":"Cyclr/1.0","payload":"{}"}""",
            Write("shop", null, "{}", "Cyclr/1.0"));

    [Fact]
    public void User_agent_survives_a_round_trip_exactly() =>
        Assert.Equal(
            new Envelope(ParsedId, "shop", TraceParent, "{}", PayloadBlob: null) { UserAgent = @"a ""b"" \u{1B}" },
            Envelope.Read(Write("shop", TraceParent, "{}", @"a ""b"" \u{1B}")));

    [Theory]
    [InlineData("")]
    [InlineData("\"userAgent\":null,")]
    [InlineData("\"userAgent\":17,")]
    [InlineData("\"userAgent\":\"\\ud800\",")]
    public void Envelope_without_a_readable_user_agent_is_readable(string field) =>
        Assert.Null(Envelope.Read(
            $$"""{"v":1,"notificationId":"{{Id}}","receivedAt":"{{ReceivedAt}}",{{field}}"payload":"{}"}""").UserAgent);

    [Fact]
    public void User_agent_longer_than_a_column_is_cut() =>
        Assert.Equal(new string('u', 32_000), Envelope.Read(Write("shop", null, "{}", new string('u', 40_000))).UserAgent);

    [Fact]
    public void Envelope_without_a_trace_has_no_traceparent() =>
        Assert.Equal(
            $$"""{"v":1,"notificationId":"{{Id}}","receivedAt":"{{ReceivedAt}}","source":"default","payload":"{}"}""",
            Write("default", null, "{}"));

    [Fact]
    public void Envelope_without_a_payload_has_payloadBlob() =>
        Assert.Equal(
            $$"""{"v":1,"notificationId":"{{Id}}","receivedAt":"{{ReceivedAt}}","source":"default","payloadBlob":"{{Id}}.json"}""",
            Write("default", null, ""));

    [Fact]
    public void Envelope_has_no_name_of_the_hosts_trigger_metadata()
    {
        string[] reserved =
            ["Id", "DequeueCount", "PopReceipt", "InsertionTime", "ExpirationTime", "NextVisibleTime", "QueueTrigger", "sys"];
        var names = new[] { Write("default", TraceParent, "{}", "Cyclr/1.0"), Write("default", TraceParent, "") }
            .SelectMany(text => JsonDocument.Parse(text).RootElement.EnumerateObject().Select(property => property.Name));

        Assert.Empty(names.Intersect(reserved, StringComparer.OrdinalIgnoreCase));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("{\"a\":\"\\u0000 \\ud800 \\\\ \\\" /\"}\r\n\t")]
    [InlineData("\u2028 \u202e 👍 日本")]
    public void Payload_survives_a_round_trip_exactly(string payload)
    {
        var envelope = Envelope.Read(Write("shop", TraceParent, payload));

        Assert.Equal(new Envelope(ParsedId, "shop", TraceParent, payload, PayloadBlob: null), envelope);
    }

    [Fact]
    public void Blob_name_survives_a_round_trip_exactly() =>
        Assert.Equal(
            new Envelope(ParsedId, "default", TraceParent: null, Payload: null, $"{Id}.json"),
            Envelope.Read(Write("default", null, "")));

    [Theory]
    [InlineData("", null)]
    [InlineData("just plain text", null)]
    [InlineData("17", null)]
    [InlineData("null", null)]
    [InlineData("[]", null)]
    [InlineData("{}", null)]
    [InlineData("{\"v\":1,", null)]
    [InlineData($$"""{"notificationId":"{{Id}}","receivedAt":"{{ReceivedAt}}","payload":"{}"}""", Id)]
    [InlineData($$"""{"v":2,"notificationId":"{{Id}}","receivedAt":"{{ReceivedAt}}","payload":"{}"}""", Id)]
    [InlineData($$"""{"v":"1","notificationId":"{{Id}}","receivedAt":"{{ReceivedAt}}","payload":"{}"}""", Id)]
    [InlineData($$"""{"v":1.5,"notificationId":"{{Id}}","receivedAt":"{{ReceivedAt}}","payload":"{}"}""", Id)]
    [InlineData($$"""{"v":1,"receivedAt":"{{ReceivedAt}}","payload":"{}"}""", null)]
    [InlineData($$"""{"v":1,"notificationId":7,"receivedAt":"{{ReceivedAt}}","payload":"{}"}""", null)]
    [InlineData(
        $$"""{"v":1,"notificationId":"019AB012-3456-7001-8000-00000000002A","receivedAt":"{{ReceivedAt}}","payload":"{}"}""",
        null)]
    [InlineData(
        $$"""{"v":1,"notificationId":"019ab012-3456-4001-8000-00000000002a","receivedAt":"{{ReceivedAt}}","payload":"{}"}""",
        null)]
    [InlineData($$"""{"v":1,"notificationId":"\ud800","receivedAt":"{{ReceivedAt}}","payload":"{}"}""", null)]
    [InlineData($$"""{"v":1,"notificationId":"{{Id}}","payload":"{}"}""", Id)]
    [InlineData($$"""{"v":1,"notificationId":"{{Id}}","receivedAt":1763890574422,"payload":"{}"}""", Id)]
    [InlineData($$"""{"v":1,"notificationId":"{{Id}}","receivedAt":"yesterday","payload":"{}"}""", Id)]
    [InlineData($$"""{"v":1,"notificationId":"{{Id}}","receivedAt":"2025-11-23T09:36:14.423Z","payload":"{}"}""", Id)]
    [InlineData($$"""{"v":1,"notificationId":"{{Id}}","receivedAt":"2025-11-23T09:36:14.4220001Z","payload":"{}"}""", Id)]
    [InlineData($$"""{"v":1,"notificationId":"{{Id}}","receivedAt":"{{ReceivedAt}}"}""", Id)]
    [InlineData($$"""{"v":1,"notificationId":"{{Id}}","receivedAt":"{{ReceivedAt}}","payload":[]}""", Id)]
    [InlineData($$"""{"v":1,"notificationId":"{{Id}}","receivedAt":"{{ReceivedAt}}","payload":"\ud800"}""", Id)]
    [InlineData(
        $$"""{"v":1,"notificationId":"{{Id}}","receivedAt":"{{ReceivedAt}}","payload":"{}","payloadBlob":"{{Id}}.json"}""", Id)]
    [InlineData(
        $$"""{"v":1,"notificationId":"{{Id}}","receivedAt":"{{ReceivedAt}}","payloadBlob":"019ab012-3456-7001-8000-00000000002b.json"}""", Id)]
    [InlineData($$"""{"v":1,"notificationId":"{{Id}}","receivedAt":"{{ReceivedAt}}","payloadBlob":"dead/{{Id}}"}""", Id)]
    [InlineData($$"""{"v":1,"notificationId":"{{Id}}","receivedAt":"{{ReceivedAt}}","source":"a b","payload":"{}"}""", Id)]
    public void Unreadable_envelope_keeps_a_readable_id(string text, string? id)
    {
        var unreadable = Assert.Throws<UnreadableEnvelopeException>(() => Envelope.Read(text));

        Assert.Equal(id, unreadable.Id?.ToString());
    }

    private static string Write(string source, string? traceParent, string payload, string? userAgent = null) =>
        Encoding.UTF8.GetString(
            Envelope.Write(ParsedId, source, traceParent, Encoding.UTF8.GetBytes(payload), userAgent).Span);
}
