using System.Globalization;
using System.Text;

namespace MarketplaceWebhook.Telemetry;

/// <summary>Escapes text from outside: characters that control a terminal, or hide or reorder text.</summary>
public static class SafeText
{
    private const char Cut = '…';

    /// <summary>
    /// The text on one line, with control, escape, format (bidirectional and zero-width) characters, line separators and lone
    /// surrogates written as <c>\u{1B}</c>.
    /// </summary>
    /// <param name="text">Any text; null gives an empty text.</param>
    /// <param name="maxLength">The maximum number of UTF-16 units; an ellipsis marks a cut.</param>
    public static string Of(string? text, int maxLength = 1000)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxLength);
        if (string.IsNullOrEmpty(text))
        {
            return "";
        }

        var visible = new StringBuilder(Math.Min(text.Length, maxLength));
        for (var index = 0; index < text.Length;)
        {
            var readable = Rune.TryGetRuneAt(text, index, out var rune);
            var length = readable ? rune.Utf16SequenceLength : 1;
            if (index + length > maxLength)
            {
                return visible.Append(Cut).ToString();
            }

            if (readable && !IsHidden(rune))
            {
                visible.Append(text, index, length);
            }
            else
            {
                visible.Append(CultureInfo.InvariantCulture, $"\\u{{{(readable ? rune.Value : text[index]):X}}}");
            }

            index += length;
        }

        return visible.ToString();
    }

    private static bool IsHidden(Rune rune) => Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control
        or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
