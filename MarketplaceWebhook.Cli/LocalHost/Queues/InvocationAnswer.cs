using System.Net;
using System.Text.Json;

namespace MarketplaceWebhook.Cli.LocalHost.Queues;

/// <summary>What the host makes of the handler's answer to a queue message.</summary>
internal enum InvocationAnswer
{
    /// <summary>The message is deleted.</summary>
    Success,

    /// <summary>The message comes back.</summary>
    Failure,

    /// <summary>The host takes an answer without content for none, and goes on waiting until the function timeout.</summary>
    NeverCompletes,
}

internal static class InvocationAnswers
{
    public static InvocationAnswer Read(HttpStatusCode status, string? mediaType, ReadOnlySpan<byte> body)
    {
        if ((int)status is < 200 or > 299)
            return InvocationAnswer.Failure;
        if (body.IsEmpty)
            return InvocationAnswer.NeverCompletes;
        if (mediaType is not ("application/json" or "text/json"))
            return InvocationAnswer.Failure;

        try
        {
            var reader = new Utf8JsonReader(body);
            return JsonElement.ParseValue(ref reader).ValueKind switch
            {
                JsonValueKind.Object => InvocationAnswer.Success,
                JsonValueKind.Null => InvocationAnswer.NeverCompletes,
                _ => InvocationAnswer.Failure,
            };
        }
        catch (JsonException)
        {
            return InvocationAnswer.Failure;
        }
    }
}
