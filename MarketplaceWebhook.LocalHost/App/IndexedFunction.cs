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

        public bool Is(string type) => string.Equals(Type, type, StringComparison.OrdinalIgnoreCase);

        public bool IsHttpOutput => Is("http") && string.Equals(Direction, "out", StringComparison.OrdinalIgnoreCase);
    }
}
