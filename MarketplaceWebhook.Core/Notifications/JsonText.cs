using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace MarketplaceWebhook.Notifications;

/// <summary>What Utf8JsonReader leaves to its caller: case-insensitive names, and strings that are not valid text.</summary>
internal static class JsonText
{
    private const int LongestEscape = 6;

    /// <summary>The text of a string token, or null if it has a lone surrogate, for which GetString would throw.</summary>
    public static string? Read(ref Utf8JsonReader reader) =>
        reader.ValueIsEscaped && HasLoneSurrogate(reader.ValueSpan) ? null : reader.GetString();

    /// <summary>The text, or null for any other value, which is skipped.</summary>
    public static string? ReadOrSkip(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            return Read(ref reader);
        }

        reader.Skip();
        return null;
    }

    public static string? ReadOptional(ref Utf8JsonReader reader, string path, Warnings warnings)
    {
        var absent = reader.TokenType == JsonTokenType.Null;
        var text = ReadOrSkip(ref reader);
        if (text is null && !absent)
        {
            warnings.Add(path, "is not readable text; skipped.");
        }

        return text;
    }

    /// <summary>An id that is a GUID is stored in lower case with dashes; any other text stays as it is.</summary>
    public static string? Canonical(string? id)
    {
        if (!Guid.TryParse(id, CultureInfo.InvariantCulture, out var guid))
        {
            return id;
        }

        Span<char> spelling = stackalloc char[36];
        guid.TryFormat(spelling, out _);
        return spelling.SequenceEqual(id) ? id : spelling.ToString();
    }

    public static Guid? ReadGuid(ref Utf8JsonReader reader) =>
        TryReadUsualGuid(ref reader, out var id) || Guid.TryParse(ReadOrSkip(ref reader), CultureInfo.InvariantCulture, out id)
            ? id
            : null;

    /// <summary>True if the property name is <paramref name="name"/> (ASCII), ignoring case.</summary>
    public static bool NameIs(ref Utf8JsonReader reader, ReadOnlySpan<byte> name)
    {
        var raw = reader.ValueSpan;
        if (!reader.ValueIsEscaped)
        {
            return raw.Length == name.Length && Ascii.EqualsIgnoreCase(raw, name);
        }

        if (raw.Length > name.Length * LongestEscape || HasLoneSurrogate(raw))
        {
            return false;
        }

        Span<byte> unescaped = stackalloc byte[raw.Length];
        return Ascii.EqualsIgnoreCase(unescaped[..reader.CopyString(unescaped)], name);
    }

    /// <summary>Any other value counts as an array of one, with a warning.</summary>
    public static bool IsArray(ref Utf8JsonReader reader, string path, Warnings warnings)
    {
        if (reader.TokenType == JsonTokenType.StartArray)
        {
            return true;
        }

        warnings.Add(path, "is not an array; read as an array of one.");
        return false;
    }

    /// <summary>Moves to the next element. What is not an array is its own only element: the reader is at it.</summary>
    public static bool ReadElement(ref Utf8JsonReader reader, bool isArray, int index) =>
        isArray ? reader.Read() && reader.TokenType != JsonTokenType.EndArray : index == 0;

    /// <summary>A GUID in 36 characters, read without allocating a string.</summary>
    private static bool TryReadUsualGuid(ref Utf8JsonReader reader, out Guid id)
    {
        id = default;
        return reader.TokenType == JsonTokenType.String && !reader.ValueIsEscaped && reader.TryGetGuid(out id);
    }

    /// <param name="raw">A string token as it is in the body, known to be valid JSON.</param>
    private static bool HasLoneSurrogate(ReadOnlySpan<byte> raw)
    {
        var afterHigh = false;
        for (var i = 0; i < raw.Length;)
        {
            var isUnit = raw[i] == '\\' && raw[i + 1] == 'u';
            var unit = isUnit && Utf8Parser.TryParse(raw.Slice(i + 2, 4), out ushort value, out _, 'X') ? (char)value : '\0';
            if (char.IsLowSurrogate(unit) != afterHigh)
            {
                return true;
            }

            afterHigh = char.IsHighSurrogate(unit);
            i += isUnit ? LongestEscape : raw[i] == '\\' ? 2 : 1;
        }

        return afterHigh;
    }
}
