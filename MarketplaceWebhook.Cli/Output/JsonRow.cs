using System.Text.Json;
using System.Text.Json.Nodes;
using MarketplaceWebhook.Storage;

namespace MarketplaceWebhook.Cli.Output;

/// <summary>
/// A table row as --json prints it: each column by its name in camelCase, in alphabetical order, damaged or not. Payloads and
/// bodies are omitted, since they are long. Of Webhooks, only the names of the steps are printed: the URLs are secrets.
/// </summary>
internal static class JsonRow
{
    /// <param name="first">Properties that are not columns. A column of that name is omitted.</param>
    public static JsonObject Of(RawRow row, params ReadOnlySpan<(string Name, string Value)> first)
    {
        var json = new JsonObject();
        foreach (var (name, value) in first)
        {
            json.Add(name, value);
        }

        foreach (var (column, value) in row.Columns.OrderBy(column => column.Key, StringComparer.Ordinal))
        {
            switch (column)
            {
                case Columns.Payload or Columns.Body:
                    break;
                case Columns.Webhooks:
                    Add("Steps", Array(row.Steps()));
                    break;
                case Columns.Errors or Columns.Warnings:
                    Add(column, Array(row.Texts(column)));
                    break;
                default:
                    Add(column, row.Number(column) is { } number ? JsonValue.Create(number) : RawRow.Shown(value));
                    break;
            }
        }

        return json;

        void Add(string column, JsonNode? value) => json.TryAdd(JsonNamingPolicy.CamelCase.ConvertName(column), value);
    }

    /// <summary>A column with a JSON array of strings; null if it is absent. Any other value becomes the only element.</summary>
    public static IReadOnlyList<string>? Texts(this RawRow row, string column) =>
        row.Columns.GetValueOrDefault(column) is { } value
            ? Read(RawRow.Shown(value), element => element.GetString()) ?? [RawRow.Shown(value)]
            : null;

    public static IReadOnlyList<string> Steps(this RawRow row) =>
        row.Text(Columns.Webhooks) is { } json
            ? Read(json, element => element.TryGetProperty("StepName", out var step) ? step.GetString() : "") ?? []
            : [];

    private static JsonArray Array(IEnumerable<string>? texts) => [.. (texts ?? []).Select(text => JsonValue.Create(text))];

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
