using System.Net;
using System.Text.Json;

namespace MarketplaceWebhook.LocalHost.Workers.CustomHandler;

/// <summary>How the host interprets a custom handler's response to a queue message.</summary>
internal enum HandlerResponse
{
    /// <summary>The message is deleted.</summary>
    Success,

    /// <summary>The message comes back.</summary>
    Failure,

    /// <summary>The host ignores a response without content, and waits until the function timeout.</summary>
    NeverCompletes,
}

internal static class HandlerResponses
{
    public static HandlerResponse Read(HttpStatusCode status, string? mediaType, ReadOnlySpan<byte> body)
    {
        if ((int)status is < 200 or > 299)
        {
            return HandlerResponse.Failure;
        }

        if (body.IsEmpty)
        {
            return HandlerResponse.NeverCompletes;
        }

        if (mediaType is not ("application/json" or "text/json"))
        {
            return HandlerResponse.Failure;
        }

        try
        {
            var reader = new Utf8JsonReader(body);
            return JsonElement.ParseValue(ref reader).ValueKind switch
            {
                JsonValueKind.Object => HandlerResponse.Success,
                JsonValueKind.Null => HandlerResponse.NeverCompletes,
                _ => HandlerResponse.Failure,
            };
        }
        catch (JsonException)
        {
            return HandlerResponse.Failure;
        }
    }
}
