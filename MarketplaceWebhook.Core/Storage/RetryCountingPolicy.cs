using Azure.Core;
using Azure.Core.Pipeline;
using MarketplaceWebhook.Telemetry;

namespace MarketplaceWebhook.Storage;

/// <summary>Counts the calls that a client retries. Runs once per attempt.</summary>
internal sealed class RetryCountingPolicy(string operation) : HttpPipelineSynchronousPolicy
{
    public override void OnSendingRequest(HttpMessage message)
    {
        if (message.ProcessingContext.RetryNumber > 0)
        {
            Metrics.StorageRetried(operation);
        }
    }
}
