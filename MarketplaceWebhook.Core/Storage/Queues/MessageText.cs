using System.Text;
using System.Text.Unicode;

namespace MarketplaceWebhook.Storage;

internal static class MessageText
{
    /// <summary>Messages are Base64; one that was added by hand may not be, and is returned as it is.</summary>
    public static string Decode(string text)
    {
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out var length)
            && Utf8.IsValid(bytes.AsSpan(0, length))
            ? Encoding.UTF8.GetString(bytes, 0, length)
            : text;
    }
}
