using System.Text.Json;
using System.Text.Json.Serialization;

namespace MarketplaceWebhook.LocalHost.App;

/// <summary>A function with its bindings, as its function.json or the isolated worker describes them.</summary>
internal sealed record IndexedFunction(string Name, IReadOnlyList<IndexedFunction.Binding> Bindings)
{
    public static JsonSerializerOptions JsonOptions { get; } = new(JsonSerializerDefaults.Web)
    {
        AllowTrailingCommas = true,
        ReadCommentHandling = JsonCommentHandling.Skip,
        Converters = { new JsonStringEnumConverter() },
    };

    internal sealed record Binding
    {
        public string? Type { get; init; }

        public string? Direction { get; init; }

        public string? Name { get; init; }

        public AuthLevel AuthLevel { get; init; }

        public IReadOnlyList<string>? Methods { get; init; }

        public string? Route { get; init; }

        public string? QueueName { get; init; }

        public string? Connection { get; init; }

        /// <summary>Of an isolated worker. The values are texts or booleans.</summary>
        public IReadOnlyDictionary<string, object>? Properties { get; init; }

        /// <summary>
        /// The worker's generator sets it for parameters such as QueueMessage, and the host then sends a reference instead of the
        /// text (SupportsDeferredBinding in https://github.com/Azure/azure-functions-host).
        /// </summary>
        public bool IsDeferred => Properties?.Any(property =>
            property.Key.Equals("supportsDeferredBinding", StringComparison.OrdinalIgnoreCase)
            && bool.TryParse(property.Value.ToString(), out var value) && value) == true;

        public bool Is(string type) => string.Equals(Type, type, StringComparison.OrdinalIgnoreCase);

        public bool IsHttpOutput => Is("http") && string.Equals(Direction, "out", StringComparison.OrdinalIgnoreCase);
    }
}
