using System.Text.Json;
using MarketplaceWebhook.Storage;

namespace MarketplaceWebhook.Cli.Output;

/// <summary>Columns that hold a JSON array.</summary>
internal static class JsonColumn
{
    /// <summary>Null if the column is absent. A value that is not a JSON array of strings becomes the only element.</summary>
    public static IReadOnlyList<string>? Texts(this RawRow row, string column) =>
        row.Text(column) is { } json ? Read(json, element => element.GetString()) ?? [json] : null;

    public static IReadOnlyList<string>? Steps(this RawRow row) =>
        row.Text(Columns.Webhooks) is { } json
            ? Read(json, element => element.TryGetProperty("StepName", out var step) ? step.GetString() : "") ?? []
            : null;

    private static List<string>? Read(string json, Func<JsonElement, string?> read)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return [.. document.RootElement.EnumerateArray().Select(element => read(element) ?? "")];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
