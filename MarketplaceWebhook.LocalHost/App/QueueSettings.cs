using Microsoft.Extensions.Configuration;

namespace MarketplaceWebhook.LocalHost.App;

/// <summary>
/// The section extensions.queues of host.json:
/// https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-queue#hostjson-settings
/// </summary>
public sealed record QueueSettings
{
    /// <summary>If false, the message text is used as it is.</summary>
    public required bool Base64 { get; init; }

    /// <summary>1 to 32 messages in one read.</summary>
    public required int BatchSize { get; init; }

    /// <summary>More messages are read once no more than this number are running.</summary>
    public required int NewBatchThreshold { get; init; }

    public required int MaxDequeueCount { get; init; }

    /// <summary>How long a failed message stays invisible before its next delivery.</summary>
    public required TimeSpan VisibilityTimeout { get; init; }

    public required TimeSpan MaxPollingInterval { get; init; }

    public static QueueSettings Read(IConfiguration queues)
    {
        var batchSize = queues.GetValue("batchSize", 16);
        if (batchSize is < 1 or > 32)
        {
            throw new FormatException($"extensions.queues.batchSize is {batchSize}: it must be 1 to 32.");
        }

        return new QueueSettings
        {
            Base64 = queues.GetValue("messageEncoding", "base64") switch
            {
                var text when text.Equals("base64", StringComparison.OrdinalIgnoreCase) => true,
                var text when text.Equals("none", StringComparison.OrdinalIgnoreCase) => false,
                var text => throw new FormatException(
                    $"extensions.queues.messageEncoding is '{text}': it must be base64 or none."),
            },
            BatchSize = batchSize,
            NewBatchThreshold = queues.GetValue("newBatchThreshold", batchSize / 2 * Environment.ProcessorCount),
            MaxDequeueCount = queues.GetValue("maxDequeueCount", 5),
            VisibilityTimeout = queues.GetValue("visibilityTimeout", TimeSpan.Zero),
            MaxPollingInterval = queues.GetValue("maxPollingInterval", TimeSpan.FromMinutes(1)),
        };
    }
}
