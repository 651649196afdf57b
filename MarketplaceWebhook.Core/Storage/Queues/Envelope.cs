using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using MarketplaceWebhook.Installs;
using MarketplaceWebhook.Notifications;

namespace MarketplaceWebhook.Storage;

/// <summary>
/// A notification on the queue. No name may be one that the host adds to its own metadata
/// (Id, DequeueCount, PopReceipt, InsertionTime, ExpirationTime, NextVisibleTime, sys).
/// </summary>
/// <param name="Payload">The request body, exact; null if it is in the blob.</param>
/// <param name="PayloadBlob">The blob's name in <see cref="StorageNames.PayloadContainer"/>.</param>
public sealed record Envelope(NotificationId Id, string Source, string? TraceParent, string? Payload, string? PayloadBlob)
{
    public const int Version = 1;

    /// <summary>A queue message holds 64 KiB of Base64, so 48 KiB of text; this leaves a margin.</summary>
    public const int MaxBytes = 45 * 1024;

    private static readonly JsonWriterOptions Options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    /// <summary>Of the request, escaped and cut; null without one.</summary>
    public string? UserAgent { get; init; }

    /// <param name="payload">UTF-8. Empty: the payload is in its blob.</param>
    public static ReadOnlyMemory<byte> Write(
        NotificationId id, string source, string? traceParent, ReadOnlySpan<byte> payload, string? userAgent = null)
    {
        var buffer = new ArrayBufferWriter<byte>(payload.Length + (payload.Length / 4) + 256);
        using var json = new Utf8JsonWriter(buffer, Options);
        json.WriteStartObject();
        json.WriteNumber("v"u8, Version);
        json.WriteString("notificationId"u8, id.ToString());
        json.WriteString("receivedAt"u8, TimeText.Of(id.ReceivedAt));
        json.WriteString("source"u8, source);
        if (traceParent is not null)
        {
            json.WriteString("traceparent"u8, traceParent);
        }

        if (userAgent is not null)
        {
            json.WriteString("userAgent"u8, userAgent);
        }

        if (payload.IsEmpty)
        {
            json.WriteString("payloadBlob"u8, TableKeys.PayloadBlob(id));
        }
        else
        {
            json.WriteString("payload"u8, payload);
        }

        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }

    /// <summary>The notification's body, from the envelope or from its blob.</summary>
    public async Task<ReadOnlyMemory<byte>> GetPayloadAsync(PayloadBlobs payloads, CancellationToken cancellationToken) =>
        PayloadBlob is { } blob ? await payloads.GetAsync(blob, cancellationToken) : Encoding.UTF8.GetBytes(Payload!);

    /// <exception cref="UnreadableEnvelopeException">The text is not an envelope of this version.</exception>
    public static Envelope Read(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return Read(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            // The latter two: a lone surrogate, escaped or not.
            throw new UnreadableEnvelopeException("it is not JSON");
        }
    }

    /// <returns>Null if the text is not an envelope of this version.</returns>
    public static Envelope? TryRead(string text)
    {
        try
        {
            return Read(text);
        }
        catch (UnreadableEnvelopeException)
        {
            return null;
        }
    }

    private static Envelope Read(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw new UnreadableEnvelopeException("it is not an object");
        }

        if (!NotificationId.TryParse(Text(root, "notificationId"), out var id))
        {
            throw new UnreadableEnvelopeException("notificationId is not a lower-case UUIDv7");
        }

        if (!root.TryGetProperty("v", out var version) || version.ValueKind != JsonValueKind.Number
            || !version.TryGetInt32(out var number) || number != Version)
        {
            throw new UnreadableEnvelopeException($"v is not {Version}", id);
        }

        if (!root.TryGetProperty("receivedAt", out var received) || received.ValueKind != JsonValueKind.String
            || !received.TryGetDateTimeOffset(out var receivedAt) || receivedAt != id.ReceivedAt)
        {
            throw new UnreadableEnvelopeException("receivedAt is not the millisecond of notificationId", id);
        }

        var payload = Text(root, "payload");
        var payloadBlob = Text(root, "payloadBlob");
        if (payloadBlob is not null && payloadBlob != TableKeys.PayloadBlob(id))
        {
            throw new UnreadableEnvelopeException("payloadBlob is not the blob of notificationId", id);
        }

        if (payload is null == payloadBlob is null)
        {
            throw new UnreadableEnvelopeException("it needs either payload or payloadBlob", id);
        }

        var source = SourceLabel.Read(Text(root, "source"))
            ?? throw new UnreadableEnvelopeException("source is not a valid label", id);
        return new Envelope(id, source, Text(root, "traceparent"), payload, payloadBlob)
        {
            // A message that was added by hand may have any text: it must fit into a column.
            UserAgent = Text(root, "userAgent") is { } userAgent ? ColumnText.Cut(userAgent) : null,
        };
    }

    private static string? Text(JsonElement root, string name)
    {
        try
        {
            return root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            // A lone surrogate is not text. The other properties, above all the id, are still read.
            return null;
        }
    }
}

/// <summary>A message that no retry can make readable.</summary>
public sealed class UnreadableEnvelopeException(string why, NotificationId? id = null) : UnreadableMessageException(why)
{
    /// <summary>If the id could be read.</summary>
    public NotificationId? Id { get; } = id;
}
