using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Azure.Storage.Queues.Models;

namespace MarketplaceWebhook.Cli.LocalHost.Queues;

/// <summary>The body that the host posts to the handler for a queue message.</summary>
internal static class InvocationBody
{
    // Two levels more than the deepest message that is read below.
    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = 66 };
    private static readonly JsonDocumentOptions Lenient = new()
    {
        AllowTrailingCommas = true,
        CommentHandling = JsonCommentHandling.Skip,
    };

    /// <param name="text">The message text, decoded.</param>
    public static byte[] Write(string bindingName, QueueMessage message, string text, DateTimeOffset now)
    {
        // Names are compared without case, and what the message says under such a name takes its place.
        var metadata = new OrderedDictionary<string, JsonNode?>(StringComparer.OrdinalIgnoreCase)
        {
            ["DequeueCount"] = $"{message.DequeueCount}",
            ["ExpirationTime"] = Time(message.ExpiresOn),
            ["Id"] = Quoted(message.MessageId),
            ["InsertionTime"] = Time(message.InsertedOn),
            ["NextVisibleTime"] = Time(message.NextVisibleOn),
            ["PopReceipt"] = Quoted(message.PopReceipt),
            ["sys"] = new JsonObject
            {
                ["MethodName"] = bindingName,
                ["UtcNow"] = now.UtcDateTime.ToString("O"),
                ["RandGuid"] = Guid.NewGuid().ToString(),
            },
        };
        MixIn(text, metadata);

        var body = new JsonObject
        {
            ["Data"] = new JsonObject { [bindingName] = Quoted(text) },
            ["Metadata"] = new JsonObject(metadata),
        };
        return JsonSerializer.SerializeToUtf8Bytes(body, Json);
    }

    /// <summary>
    /// The top-level properties of a message that is a JSON object: objects as they are, scalars as quoted text, arrays and
    /// null not at all.
    /// </summary>
    private static void MixIn(string text, OrderedDictionary<string, JsonNode?> metadata)
    {
        if (text.AsSpan().Trim() is not ['{', .., '}'])
            return;

        try
        {
            using var document = JsonDocument.Parse(text, Lenient);
            foreach (var property in document.RootElement.EnumerateObject())
            {
                JsonNode? value = property.Value.ValueKind switch
                {
                    JsonValueKind.Object => JsonObject.Create(property.Value.Clone()),
                    JsonValueKind.String => Quoted(property.Value.GetString()!),
                    JsonValueKind.Number => Quoted(property.Value.GetRawText()),
                    JsonValueKind.True => Quoted(bool.TrueString),
                    JsonValueKind.False => Quoted(bool.FalseString),
                    _ => null,
                };
                if (value is not null)
                    metadata[property.Name] = value;
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // Not JSON after all, or text that is no UTF-16: nothing is mixed in.
        }
    }

    /// <summary>JSON text as a JSON string: the reader has to parse twice.</summary>
    private static string Quoted(string text) => JsonSerializer.Serialize(text, Json);

    private static string? Time(DateTimeOffset? time) => time?.ToString("yyyy-MM-dd'T'HH:mm:sszzz");
}
