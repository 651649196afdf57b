using Azure;
using Azure.Core;
using Azure.Core.Pipeline;

namespace MarketplaceWebhook.Storage;

/// <summary>
/// Marks the calls of the fallback storage, so that a failure can be distinguished from one of the primary storage: by the id of
/// the request, which an exception with a response has, or in the data of an exception without one.
/// Source: https://learn.microsoft.com/rest/api/storageservices/put-message (x-ms-client-request-id is an opaque value)
/// </summary>
internal sealed class FallbackMarkPolicy : HttpPipelinePolicy
{
    private const string Mark = "fallback-";

    public static bool IsMarked(Exception exception) =>
        exception.Data.Contains(Mark)
        || (exception is RequestFailedException failure
            && failure.GetRawResponse()?.ClientRequestId.StartsWith(Mark, StringComparison.Ordinal) == true);

    public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        message.Request.ClientRequestId = Mark + message.Request.ClientRequestId;
        try
        {
            await ProcessNextAsync(message, pipeline);
        }
        catch (Exception e)
        {
            // That of a call with several attempts contains one exception for each.
            foreach (var one in e is AggregateException all ? all.InnerExceptions.Prepend(e) : [e])
            {
                one.Data[Mark] = true;
            }

            throw;
        }
    }

    /// <summary>The application makes no synchronous calls.</summary>
    public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) =>
        ProcessNext(message, pipeline);
}
