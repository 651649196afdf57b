using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace MarketplaceWebhook.Notifications;

/// <summary>
/// The identity of a notification, and its position in the order of all of them: a UUIDv7 (RFC 9562) in lower case with dashes.
/// Its ordinal text order is the order of notifications everywhere.
/// </summary>
public readonly record struct NotificationId : IComparable<NotificationId>
{
    public const int CounterBits = 12;

    /// <summary>How far ahead the clock may be that created an id.</summary>
    private static readonly TimeSpan LongestLead = TimeSpan.FromDays(1);

    private static readonly long LatestMillisecond = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    private readonly string? _text;

    private NotificationId(string text, DateTimeOffset receivedAt) => (_text, ReceivedAt) = (text, receivedAt);

    /// <summary>The id's own time: UTC, whole milliseconds.</summary>
    public DateTimeOffset ReceivedAt { get; }

    /// <param name="unixMilliseconds">48 bits, since 1970, UTC.</param>
    /// <param name="counter">The 12 bits after the version.</param>
    /// <param name="random">Its lower 62 bits follow the variant.</param>
    public static NotificationId Create(long unixMilliseconds, int counter, ulong random)
    {
        var high = ((ulong)unixMilliseconds << 16) | 0x7000u | ((uint)counter & 0xFFFu);
        var low = (random & 0x3FFF_FFFF_FFFF_FFFF) | 0x8000_0000_0000_0000;
        var text = string.Create(CultureInfo.InvariantCulture,
            $"{high >> 32:x8}-{(high >> 16) & 0xFFFF:x4}-{high & 0xFFFF:x4}-{low >> 48:x4}-{low & 0xFFFF_FFFF_FFFF:x12}");
        return new NotificationId(text, DateTimeOffset.FromUnixTimeMilliseconds(unixMilliseconds));
    }

    /// <summary>Accepts only the format of <see cref="Create"/>: text order would be wrong for any other.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out NotificationId id)
    {
        id = default;
        if (text is not { Length: 36 } || text[14] != '7' || text[19] is not ('8' or '9' or 'a' or 'b'))
        {
            return false;
        }

        for (var i = 0; i < text.Length; i++)
        {
            if (i is 8 or 13 or 18 or 23 ? text[i] != '-' : !char.IsAsciiHexDigitLower(text[i]))
            {
                return false;
            }
        }

        var milliseconds = (long.Parse(text.AsSpan(0, 8), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) << 16)
            | long.Parse(text.AsSpan(9, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        if (milliseconds > LatestMillisecond)
        {
            return false;
        }

        id = new NotificationId(text, DateTimeOffset.FromUnixTimeMilliseconds(milliseconds));
        return true;
    }

    /// <summary>
    /// True if the id's time is more than a day later than now: it would win over every notification that arrives until then.
    /// </summary>
    public bool IsOfFuture(DateTimeOffset now) => ReceivedAt - now > LongestLead;

    public int CompareTo(NotificationId other) => string.CompareOrdinal(_text, other._text);

    public static bool operator <(NotificationId left, NotificationId right) => left.CompareTo(right) < 0;

    public static bool operator >(NotificationId left, NotificationId right) => left.CompareTo(right) > 0;

    public static bool operator <=(NotificationId left, NotificationId right) => left.CompareTo(right) <= 0;

    public static bool operator >=(NotificationId left, NotificationId right) => left.CompareTo(right) >= 0;

    public override string ToString() => _text ?? "";
}

public static class TimeText
{
    /// <summary>UTC with whole milliseconds: the format of every time that is text.</summary>
    public static string Of(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
