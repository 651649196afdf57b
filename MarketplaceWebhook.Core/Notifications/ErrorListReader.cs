using System.Text;
using System.Text.Json;

namespace MarketplaceWebhook.Notifications;

/// <summary>
/// The errors of a notification. One that is not text is an error, too, because people and alerts look at how many there are: it
/// is kept as JSON.
/// </summary>
internal static class ErrorListReader
{
    /// <param name="body">What the reader reads.</param>
    public static List<string>? Read(ref Utf8JsonReader reader, ReadOnlySpan<byte> body, string path, Warnings warnings)
    {
        if (reader.TokenType == JsonTokenType.Null)
        {
            return null;
        }

        var errors = new List<string>();
        var isArray = JsonText.IsArray(ref reader, path, warnings);
        for (var index = 0; JsonText.ReadElement(ref reader, isArray, index); index++)
        {
            if (IsEmpty(reader))
            {
                reader.Skip();
                warnings.Add(path, index, field: null, "is empty; skipped.");
            }
            else if (reader.TokenType == JsonTokenType.String && JsonText.Read(ref reader) is { } text)
            {
                errors.Add(text);
            }
            else
            {
                var start = (int)reader.TokenStartIndex;
                reader.Skip();
                errors.Add(Encoding.UTF8.GetString(body[start..(int)reader.BytesConsumed]));
                warnings.Add(path, index, field: null, "is not readable text; kept as JSON.");
            }
        }

        return errors;
    }

    /// <summary>Null, false, "", {} or []: not an error.</summary>
    /// <param name="reader">A copy, because it looks ahead.</param>
    private static bool IsEmpty(Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.Null or JsonTokenType.False => true,
        JsonTokenType.String => reader.ValueSpan.IsEmpty,
        JsonTokenType.StartObject or JsonTokenType.StartArray =>
            reader.Read() && reader.TokenType is JsonTokenType.EndObject or JsonTokenType.EndArray,
        _ => false,
    };
}
