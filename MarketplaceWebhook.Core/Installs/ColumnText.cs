using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using MarketplaceWebhook.Notifications;

namespace MarketplaceWebhook.Installs;

/// <summary>Limits texts to 32,000 characters (a table column holds 32,768) and adds a warning for what is cut.</summary>
public static class ColumnText
{
    public const int MaxCharacters = 32_000;

    public static string? Text(string? text, string path, Warnings warnings)
    {
        if (text is not { Length: > MaxCharacters })
        {
            return text;
        }

        warnings.Add(path, $"cut at {MaxCharacters} characters.");
        return Cut(text);
    }

    /// <summary>Never inside a surrogate pair.</summary>
    public static string Cut(string text, int maxCharacters = MaxCharacters) => text.Length <= maxCharacters
        ? text
        : text[..(char.IsHighSurrogate(text[maxCharacters - 1]) ? maxCharacters - 1 : maxCharacters)];

    public static string JsonArray(IReadOnlyList<string> texts, string path, Warnings warnings) =>
        JsonArray(texts, ColumnTextJson.Readable.String, path, warnings);

    public static string JsonArray(IReadOnlyList<CycleWebhook> webhooks, string path, Warnings warnings) =>
        JsonArray(webhooks, ColumnTextJson.Readable.CycleWebhook, path, warnings);

    public static string? JsonArray(Warnings warnings) =>
        warnings.Any ? JsonArray(warnings.ToList(), ColumnTextJson.Readable.String, path: "", warnings) : null;

    /// <summary>The array cut by whole elements.</summary>
    private static string JsonArray<T>(IReadOnlyList<T> elements, JsonTypeInfo<T> type, string path, Warnings warnings)
    {
        var array = new StringBuilder("[");
        foreach (var element in elements)
        {
            var json = JsonSerializer.Serialize(element, type);
            var separator = array.Length > 1 ? "," : "";
            if (array.Length + separator.Length + json.Length + 1 > MaxCharacters)
            {
                warnings.Add(path, $"cut at {MaxCharacters} characters.");
                break;
            }

            array.Append(separator).Append(json);
        }

        return array.Append(']').ToString();
    }
}

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(CycleWebhook))]
internal sealed partial class ColumnTextJson : JsonSerializerContext
{
    /// <summary>Operators read these columns, so letters of any script are not escaped. The Portal shows text as text.</summary>
    public static ColumnTextJson Readable { get; } = new(new JsonSerializerOptions
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
