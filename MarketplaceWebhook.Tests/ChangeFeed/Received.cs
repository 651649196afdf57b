using System.Text.Json;

namespace MarketplaceWebhook.Tests.ChangeFeed;

/// <summary>A message as the function of samples/Consumer gets it.</summary>
internal static class Received
{
    /// <summary>As the worker reads a parameter that is not one of the SDK's types: names in any case.</summary>
    private static readonly JsonSerializerOptions Options = new() { PropertyNameCaseInsensitive = true };

    public static Consumer.ChangeEvent Change(ReadOnlyMemory<byte> message) =>
        JsonSerializer.Deserialize<Consumer.ChangeEvent>(message.Span, Options)!;
}
