using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace MarketplaceWebhook;

/// <summary>How long the application tries before it gives up. Settings Patience__Receiving and Patience__Projecting.</summary>
public sealed class Patience
{
    /// <summary>The caller is to be answered within this time.</summary>
    private static readonly TimeSpan LongestReceiving = TimeSpan.FromSeconds(10);

    /// <summary>Well below the host's functionTimeout, and the 10 minutes that a message is invisible.</summary>
    private static readonly TimeSpan LongestProjecting = TimeSpan.FromMinutes(8);

    /// <summary>For storage to take a notification: leaves a second of the 10 s within which the caller is answered.</summary>
    public TimeSpan Receiving { get; set; } = TimeSpan.FromSeconds(9);

    /// <summary>For one delivery to be projected.</summary>
    public TimeSpan Projecting { get; set; } = TimeSpan.FromMinutes(5);

    /// <returns>The settings, fit to be bound.</returns>
    /// <exception cref="SettingsException">Malformed, or longer than a contract allows.</exception>
    public static IConfigurationSection Settings(IConfiguration configuration)
    {
        var section = configuration.GetSection(nameof(Patience));
        Check(section, nameof(Receiving), LongestReceiving);
        Check(section, nameof(Projecting), LongestProjecting);
        return section;
    }

    private static void Check(IConfigurationSection section, string name, TimeSpan longest)
    {
        if (section[name] is { } text
            && !(TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var patience) && patience > TimeSpan.Zero && patience <= longest))
        {
            throw new SettingsException($"{nameof(Patience)}__{name} must be a time (hours:minutes:seconds) above 0 and up to {longest}.");
        }
    }
}
