using Microsoft.Extensions.Configuration;

namespace MarketplaceWebhook.Storage;

/// <summary>Every setting of the application except those of telemetry: read once, and decided here.</summary>
public sealed record AppSettings
{
    /// <summary>AzureWebJobsStorage.</summary>
    public required StorageSettings Storage { get; init; }

    /// <summary>
    /// FallbackStorage. Null: there is no fallback storage, because the setting is empty or names the account of
    /// <see cref="Storage"/>.
    /// </summary>
    public StorageSettings? Fallback { get; init; }

    /// <summary>The name of the queue that gets a message for every change. Null: there is no change feed.</summary>
    public string? ChangeFeed { get; init; }

    public TimeLimits TimeLimits { get; init; } = new();

    /// <exception cref="SettingsException">A setting is missing or malformed.</exception>
    public static AppSettings Read(IConfiguration configuration) => Read(
        configuration,
        StorageSettings.Read(configuration),
        StorageSettings.Find(configuration, StorageSettings.FallbackName));

    /// <param name="storage">Instead of the one that is set.</param>
    /// <param name="fallback">Instead of the one that is set.</param>
    /// <inheritdoc cref="Read(IConfiguration)"/>
    public static AppSettings Read(IConfiguration configuration, StorageSettings storage, StorageSettings? fallback) => new()
    {
        Storage = storage,
        Fallback = fallback?.IsSameAccountAs(storage) == true ? null : fallback,
        ChangeFeed = ChangeFeedSetting.Read(configuration),
        TimeLimits = TimeLimits.Read(configuration),
    };
}
