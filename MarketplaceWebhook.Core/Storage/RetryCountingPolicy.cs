using Azure.Core;
using Azure.Core.Pipeline;
using MarketplaceWebhook.Telemetry;

namespace MarketplaceWebhook.Storage;

/// <summary>Counts the calls that a client makes again by itself. Stands behind the client's retries, once per attempt.</summary>
internal sealed class RetryCountingPolicy : HttpPipelineSynchronousPolicy
{
    public override void OnSendingRequest(HttpMessage message)
    {
        if (message.ProcessingContext.RetryNumber > 0 && StorageOperation.Current is { } operation)
        {
            Metrics.StorageRetried(operation);
        }
    }
}
