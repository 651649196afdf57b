using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace MarketplaceWebhook.Benchmarks.Macro;

/// <summary>A queue message as the Functions host posts it to a custom handler: the text encoded as JSON twice.</summary>
internal static class HostInvocation
{
    public const string ProjectPath = "ProjectNotification";
    public const string ReceivePath = "api/cyclr/marketplace";

    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static byte[] Write(string messageText) => JsonSerializer.SerializeToUtf8Bytes(
        new JsonObject
        {
            ["Data"] = new JsonObject { ["message"] = JsonSerializer.Serialize(messageText, Json) },
            ["Metadata"] = new JsonObject { ["DequeueCount"] = "1", ["InsertionTime"] = "2026-01-01T00:00:00+00:00" },
        },
        Json);
}
