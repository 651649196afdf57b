using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace MarketplaceWebhook;

/// <summary>How long the application tries before it gives up. Settings Patience__Receiving and Patience__Projecting.</summary>
public sealed record Patience
{
    /// <summary>The caller is to be answered within this time.</summary>
    private static readonly TimeSpan LongestReceiving = TimeSpan.FromSeconds(10);

    /// <summary>Well below the host's functionTimeout, and the 10 minutes that a message is invisible.</summary>
    private static readonly TimeSpan LongestProjecting = TimeSpan.FromMinutes(8);

    /// <summary>For storage to take a notification: leaves a second of the 10 s within which the caller is answered.</summary>
    public TimeSpan Receiving { get; init; } = TimeSpan.FromSeconds(9);

    /// <summary>For one delivery to be projected.</summary>
    public TimeSpan Projecting { get; init; } = TimeSpan.FromMinutes(5);

    /// <exception cref="SettingsException">A time is malformed, or longer than a contract allows.</exception>
    public static Patience Read(IConfiguration configuration)
    {
        var section = configuration.GetSection(nameof(Patience));
        var preset = new Patience();
        return new Patience
        {
            Receiving = Read(section, nameof(Receiving), LongestReceiving) ?? preset.Receiving,
            Projecting = Read(section, nameof(Projecting), LongestProjecting) ?? preset.Projecting,
        };
    }

    private static TimeSpan? Read(IConfigurationSection section, string name, TimeSpan longest)
    {
        if (section[name] is not { } text)
        {
            return null;
        }

        return TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var patience) && patience > TimeSpan.Zero && patience <= longest
            ? patience
            : throw new SettingsException($"{nameof(Patience)}__{name} must be a time (hours:minutes:seconds) above 0 and up to {longest}.");
    }
}
