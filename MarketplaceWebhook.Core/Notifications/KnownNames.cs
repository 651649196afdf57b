using System.Text;
using System.Text.Json;

namespace MarketplaceWebhook.Notifications;

/// <summary>The names that are read in an object.</summary>
internal sealed class KnownNames(params string[] names)
{
    private readonly byte[][] _utf8 = [.. names.Select(Encoding.UTF8.GetBytes)];

    /// <summary>The name that the reader is at; null for any other.</summary>
    /// <param name="seen">The names found so far, one bit each.</param>
    /// <param name="isRepeated">It was found before.</param>
    public string? Find(ref Utf8JsonReader reader, ref int seen, out bool isRepeated)
    {
        for (var i = 0; i < names.Length; i++)
        {
            if (JsonText.NameIs(ref reader, _utf8[i]))
            {
                isRepeated = (seen & (1 << i)) != 0;
                seen |= 1 << i;
                return names[i];
            }
        }

        isRepeated = false;
        return null;
    }
}
