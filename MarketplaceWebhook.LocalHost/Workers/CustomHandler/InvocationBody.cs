using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Azure.Storage.Queues.Models;

namespace MarketplaceWebhook.LocalHost.Workers.CustomHandler;

/// <summary>The body of the request that the host posts to a custom handler for a queue message.</summary>
internal static class InvocationBody
{
    // Two levels deeper than the deepest message that MixIn reads.
    private static readonly JsonSerializerOptions Json =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = 66 };
    private static readonly JsonDocumentOptions Lenient = new()
    {
        AllowTrailingCommas = true,
        CommentHandling = JsonCommentHandling.Skip,
    };

    /// <param name="text">The message text, decoded.</param>
    public static byte[] Write(string bindingName, QueueMessage message, string text, DateTimeOffset now)
    {
        // Names are compared without case; a property of the message replaces the host's own of the same name.
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
    /// Adds the top-level properties of a message that is a JSON object: objects unchanged, scalars as quoted text. Arrays and
    /// null are skipped.
    /// </summary>
    private static void MixIn(string text, OrderedDictionary<string, JsonNode?> metadata)
    {
        if (text.AsSpan().Trim() is not ['{', .., '}'])
        {
            return;
        }

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
                {
                    metadata[property.Name] = value;
                }
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // Invalid JSON, or text that is not valid UTF-16: nothing is added.
        }
    }

    /// <summary>A JSON string inside JSON: the handler has to parse it twice.</summary>
    private static string Quoted(string text) => JsonSerializer.Serialize(text, Json);

    private static string? Time(DateTimeOffset? time) => time?.ToString("yyyy-MM-dd'T'HH:mm:sszzz");
}
