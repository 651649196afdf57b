using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace MarketplaceWebhook.Storage;

/// <summary>The settings TimeLimits__Receiving, TimeLimits__Projecting and TimeLimits__Maintenance.</summary>
public sealed record TimeLimits
{
    /// <summary>The caller gets a response within this time.</summary>
    private static readonly TimeSpan LongestReceiving = TimeSpan.FromSeconds(10);

    /// <summary>Well below the host's functionTimeout, and the 10 minutes for which a message is invisible.</summary>
    private static readonly TimeSpan LongestProjecting = TimeSpan.FromMinutes(8);

    private static readonly TimeSpan LongestMaintenance = TimeSpan.FromMinutes(5);

    /// <summary>
    /// For storage to accept a notification: leaves a second of the 10 s within which the caller gets a response.
    /// </summary>
    public TimeSpan Receiving { get; init; } = TimeSpan.FromSeconds(9);

    /// <summary>
    /// For one attempt at a storage call of a maintenance command, and for all its attempts while storage responds that it is
    /// busy. Table Storage itself limits a call to 30 s.
    /// </summary>
    public TimeSpan Maintenance { get; init; } = TimeSpan.FromSeconds(35);

    /// <summary>For one delivery to be projected.</summary>
    public TimeSpan Projecting { get; init; } = TimeSpan.FromMinutes(5);

    /// <exception cref="SettingsException">A time is malformed, or longer than a contract allows.</exception>
    public static TimeLimits Read(IConfiguration configuration)
    {
        var defaults = new TimeLimits();
        return new TimeLimits
        {
            Receiving = Read(configuration, nameof(Receiving), LongestReceiving) ?? defaults.Receiving,
            Projecting = Read(configuration, nameof(Projecting), LongestProjecting) ?? defaults.Projecting,
            Maintenance = Read(configuration, nameof(Maintenance), LongestMaintenance) ?? defaults.Maintenance,
        };
    }

    private static TimeSpan? Read(IConfiguration configuration, string name, TimeSpan longest)
    {
        if (configuration[$"{nameof(TimeLimits)}:{name}"] is not { } text)
        {
            return null;
        }

        return TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var limit) && limit > TimeSpan.Zero && limit <= longest
            ? limit
            : throw new SettingsException(
                $"{nameof(TimeLimits)}__{name} must be a time (hours:minutes:seconds) above 0 and up to {longest}.");
    }
}
