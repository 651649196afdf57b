using Microsoft.Extensions.Configuration;

namespace MarketplaceWebhook.Storage;

/// <summary>
/// The setting ChangeFeed: the name of the queue, in the same storage account, that gets a message for every change.
/// </summary>
public static class ChangeFeedSetting
{
    public const string Name = "ChangeFeed";

    /// <summary>The application reads these itself.</summary>
    private static readonly string[] OwnQueues =
    [
        StorageNames.Queue, StorageNames.PoisonQueue,
        StorageNames.FallbackQueue, StorageNames.FallbackPoisonQueue,
    ];

    /// <returns>The queue's name. Null without a change feed.</returns>
    /// <exception cref="SettingsException">Not a queue name, or one of the application's own queues.</exception>
    public static string? Read(IConfiguration configuration)
    {
        var queue = configuration[Name];
        if (string.IsNullOrWhiteSpace(queue))
        {
            return null;
        }

        if (!IsQueueName(queue))
        {
            throw new SettingsException(
                $"{Name} is not a queue name: 3 to 63 lower-case letters, digits and single dashes between them.");
        }

        return OwnQueues.Contains(queue)
            ? throw new SettingsException($"{Name} is one of the application's own queues: choose another name.")
            : queue;
    }

    /// <summary>
    /// Source: https://learn.microsoft.com/rest/api/storageservices/naming-queues-and-metadata
    /// </summary>
    private static bool IsQueueName(string name) =>
        name.Length is >= 3 and <= 63
        && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-')
        && name[0] != '-' && name[^1] != '-' && !name.Contains("--", StringComparison.Ordinal);
}
