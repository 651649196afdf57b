using Azure.Core;
using Azure.Core.Pipeline;

namespace MarketplaceWebhook.Storage;

/// <summary>
/// Retries longer while storage responds that it is busy than while it does not respond, if the profile says so: a scan that
/// gives up has to begin again. Busy is 503 ServerBusy or 500 OperationTimedOut.
/// Source: https://learn.microsoft.com/azure/storage/common/scalability-targets-standard-account
/// </summary>
internal sealed class BusyRetryPolicy(StorageProfile profile) : RetryPolicy(
    MaxRetries, DelayStrategy.CreateExponentialDelayStrategy(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(5)))
{
    /// <summary>The limits of the profile come first.</summary>
    private const int MaxRetries = 30;

    protected override bool ShouldRetry(HttpMessage message, Exception? exception) =>
        IsWithinLimit(message) && base.ShouldRetry(message, exception);

    protected override ValueTask<bool> ShouldRetryAsync(HttpMessage message, Exception? exception) =>
        IsWithinLimit(message) ? base.ShouldRetryAsync(message, exception) : ValueTask.FromResult(false);

    private bool IsWithinLimit(HttpMessage message) =>
        message.ProcessingContext.RetryNumber < profile.MaxRetries
        || (message is { HasResponse: true, Response.Status: 429 or >= 500 }
            && DateTimeOffset.UtcNow - message.ProcessingContext.StartTime < profile.RetriesBusyFor);
}
