using System.Globalization;
using System.Text.Json;

namespace MarketplaceWebhook.CustomHandler;

/// <summary>A queue message as the host sends it to a custom handler: <c>{"Data":{"message":…},"Metadata":{…}}</c>.</summary>
internal sealed record QueueInvocation(string MessageText, DateTimeOffset InsertedAt)
{
    /// <summary>The name of the binding in function.json.</summary>
    private const string Binding = "message";

    // The host copies the message's own objects into the metadata, two levels deeper: what it could read must not be too deep
    // here.
    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = int.MaxValue };

    /// <exception cref="JsonException">The body is not an invocation.</exception>
    public static async Task<QueueInvocation> ReadAsync(Stream body, CancellationToken cancellationToken)
    {
        using var document = await JsonDocument.ParseAsync(body, Deep, cancellationToken);
        if (document.RootElement.ValueKind != JsonValueKind.Object
            || !document.RootElement.TryGetProperty("Data", out var data) || data.ValueKind != JsonValueKind.Object
            || !data.TryGetProperty(Binding, out var message))
        {
            throw new JsonException($"The invocation has no Data.{Binding}.");
        }

        return new QueueInvocation(MessageTextOf(message), InsertedAtOf(document.RootElement));
    }

    /// <summary>The host encodes the text as JSON twice; some versions once.</summary>
    private static string MessageTextOf(JsonElement message)
    {
        if (message.ValueKind != JsonValueKind.String)
        {
            return message.GetRawText();
        }

        var text = message.GetString()!;
        if (!text.StartsWith('"'))
        {
            return text;
        }

        try
        {
            using var inner = JsonDocument.Parse(text);
            return inner.RootElement.GetString()!;
        }
        catch (JsonException)
        {
            return text;
        }
    }

    /// <summary>A message's own properties may replace the host's: a value that is not a time gives the Unix epoch.</summary>
    private static DateTimeOffset InsertedAtOf(JsonElement root) =>
        root.TryGetProperty("Metadata", out var metadata) && metadata.ValueKind == JsonValueKind.Object
            && metadata.TryGetProperty("InsertionTime", out var value) && value.ValueKind == JsonValueKind.String
            && DateTimeOffset.TryParse(
                value.GetString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : DateTimeOffset.UnixEpoch;
}
