using System.Text.Json;
using System.Text.Json.Nodes;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.Tests.Notifications;

/// <summary>A parse result in the form of the expectation files.</summary>
internal static class ReadingJson
{
    public static JsonNode Of(ParseResult.Accepted accepted)
    {
        var json = JsonSerializer.SerializeToNode(accepted.Notification, Golden.Json)!.AsObject();
        json["warnings"] = JsonSerializer.SerializeToNode(accepted.Notification.Warnings.ToList());
        return json;
    }

    public static JsonNode Of(ParseResult.Rejected rejected) => JsonSerializer.SerializeToNode(rejected, Golden.Json)!;
}
