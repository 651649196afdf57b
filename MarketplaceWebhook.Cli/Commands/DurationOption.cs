using System.CommandLine;
using System.Globalization;

namespace MarketplaceWebhook.Cli.Commands;

/// <summary>An option with a duration: 45s, 30m, 12h or 2d.</summary>
internal static class DurationOption
{
    private const int MaxDays = 36_500;

    public static Option<TimeSpan?> Option(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "DURATION",
        CustomParser = result =>
        {
            if (TryParse(result.Tokens[0].Value, out var duration))
            {
                return duration;
            }

            result.AddError(IsTooLong(result.Tokens[0].Value)
                ? $"{name} must be at most {MaxDays}d."
                : $"{name} must be a number with a unit: 45s, 30m, 12h or 2d.");
            return null;
        },
    };

    private static bool IsTooLong(string text) =>
        text is [.. { Length: > 0 } number, 's' or 'm' or 'h' or 'd'] && number.All(char.IsAsciiDigit);

    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = default;
        if (text.Length < 2
            || !long.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return false;
        }

        TimeSpan? unit = text[^1] switch
        {
            's' => TimeSpan.FromSeconds(1),
            'm' => TimeSpan.FromMinutes(1),
            'h' => TimeSpan.FromHours(1),
            'd' => TimeSpan.FromDays(1),
            _ => null,
        };
        if (unit is not { } one || number > MaxDays * TimeSpan.TicksPerDay / one.Ticks)
        {
            return false;
        }

        duration = one * number;
        return true;
    }
}
