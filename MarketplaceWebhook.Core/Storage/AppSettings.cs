using Microsoft.Extensions.Configuration;

namespace MarketplaceWebhook.Storage;

/// <summary>Every setting of the application except those of telemetry: read once, and decided here.</summary>
public sealed record AppSettings
{
    private const string MoveFallback = nameof(MoveFallback);

    /// <summary>The Functions host reads both.</summary>
    private static readonly string[] MoveFallbackDisabled =
        [$"AzureWebJobs.{MoveFallback}.Disabled", $"AzureWebJobs_{MoveFallback}_Disabled"];

    /// <summary>AzureWebJobsStorage.</summary>
    public required StorageSettings Storage { get; init; }

    /// <summary>
    /// FallbackStorage. Null: there is no fallback storage, because the setting is empty or names the account of
    /// <see cref="Storage"/>.
    /// </summary>
    public StorageSettings? Fallback { get; init; }

    /// <summary>The name of the queue that gets a message for every change. Null without a change feed.</summary>
    public string? ChangeFeed { get; init; }

    public TimeLimits TimeLimits { get; init; } = new();

    /// <summary>Those of the function app.</summary>
    /// <exception cref="SettingsException">
    /// A setting is missing or malformed, or nothing would move notifications from the fallback storage.
    /// </exception>
    public static AppSettings Read(IConfiguration configuration)
    {
        var settings = Read(
            configuration,
            StorageSettings.Read(configuration),
            StorageSettings.Find(configuration, StorageSettings.FallbackName));
        return settings.Fallback is not null
            && MoveFallbackDisabled.FirstOrDefault(name => IsTrue(configuration[name])) is { } disabled
            ? throw new SettingsException(
                $"{StorageSettings.FallbackName} is set, but {disabled} disables the function that moves notifications from "
                + "there: remove one of the two.")
            : settings;
    }

    /// <param name="storage">Instead of the one that is set.</param>
    /// <param name="fallback">Instead of the one that is set.</param>
    /// <exception cref="SettingsException">A setting is missing or malformed.</exception>
    public static AppSettings Read(IConfiguration configuration, StorageSettings storage, StorageSettings? fallback) => new()
    {
        Storage = storage,
        Fallback = fallback?.IsSameAccountAs(storage) == true ? null : fallback,
        ChangeFeed = ChangeFeedSetting.Read(configuration),
        TimeLimits = TimeLimits.Read(configuration),
    };

    private static bool IsTrue(string? value) => value == "1" || (bool.TryParse(value, out var isTrue) && isTrue);
}
