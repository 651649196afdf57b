using Azure;
using Azure.Core;
using Azure.Core.Pipeline;

namespace MarketplaceWebhook.Storage;

/// <summary>Repeats a call once after creating the missing queues, tables and container that it failed for.</summary>
internal sealed class StorageProvisioner(
    Func<string, CancellationToken, Task> createAsync, bool createsOnRead) : HttpPipelinePolicy
{
    public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        await ProcessNextAsync(message, pipeline);
        if (message.Response.Status == 404
            && (createsOnRead || (message.Request.Method != RequestMethod.Get && message.Request.Method != RequestMethod.Head))
            && new RequestFailedException(message.Response) is var failure && StorageErrors.IsMissing(failure))
        {
            message.Response.Dispose();
            await createAsync(failure.ErrorCode!, message.CancellationToken);
            await ProcessNextAsync(message, pipeline);
        }
    }

    /// <summary>The application makes no synchronous calls.</summary>
    public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) =>
        ProcessNext(message, pipeline);
}
