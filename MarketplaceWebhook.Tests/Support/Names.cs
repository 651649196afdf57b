using System.Reflection;
using System.Text.Json.Nodes;
using MarketplaceWebhook.Telemetry;

namespace MarketplaceWebhook.Tests.Support;

/// <summary>The names that the code has, for comparison with those that infra/ and docs/ rely on.</summary>
internal static class Names
{
    public static IReadOnlySet<string> Metrics { get; } = ConstantsOf(typeof(TelemetryNames.Metrics));

    public static IReadOnlySet<string> Attributes { get; } =
        ConstantsOf(typeof(TelemetryNames.Attributes), typeof(TelemetryNames.SpanAttributes));

    public static IReadOnlySet<string> Spans { get; } = ConstantsOf(typeof(TelemetryNames.Spans));

    /// <summary>Function name → its function.json.</summary>
    public static IReadOnlyDictionary<string, JsonNode> Functions { get; } =
        Directory.GetDirectories(Repository.PathOf("MarketplaceWebhook.CustomHandler/functions")).ToDictionary(
            folder => Path.GetFileName(folder)!,
            folder => JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "function.json")))!);

    /// <summary>Path of an HTTP function, without its optional parameters: <c>/api/cyclr/marketplace</c>.</summary>
    public static string PathOf(string function)
    {
        var prefix = (string)JsonNode.Parse(Repository.Read("host.json"))!["extensions"]!["http"]!["routePrefix"]!;
        var route = (string)Functions[function]["bindings"]![0]!["route"]!;
        return $"/{prefix}/{route.Split("/{")[0]}";
    }

    private static HashSet<string> ConstantsOf(params Type[] types) =>
        [.. types.SelectMany(type => type.GetFields(BindingFlags.Public | BindingFlags.Static))
            .Select(field => (string)field.GetRawConstantValue()!)];
}
