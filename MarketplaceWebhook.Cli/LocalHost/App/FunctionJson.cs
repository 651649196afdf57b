using System.Text.Json;
using System.Text.Json.Serialization;

namespace MarketplaceWebhook.Cli.LocalHost.App;

/// <summary>The file function.json, as far as this host plays it.</summary>
internal sealed record FunctionJson(IReadOnlyList<FunctionJson.Binding>? Bindings)
{
    public static JsonSerializerOptions Options { get; } = new(JsonSerializerDefaults.Web)
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
    }
}
