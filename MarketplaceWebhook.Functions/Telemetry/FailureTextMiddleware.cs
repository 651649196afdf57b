using MarketplaceWebhook.Storage;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;

namespace MarketplaceWebhook.Telemetry;

/// <summary>
/// Fails an invocation with the fault's type, status and error code only. The host logs the text of an exception, and the texts
/// of Azure Storage repeat what was sent.
/// </summary>
internal sealed class FailureTextMiddleware : IFunctionsWorkerMiddleware
{
    public async Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        try
        {
            await next(context);
        }
        catch (Exception e) when (!(e is OperationCanceledException && context.CancellationToken.IsCancellationRequested))
        {
            throw new FailedInvocationException(StorageErrors.Describe(e));
        }
    }
}

/// <param name="fault">Type, status and error code.</param>
internal sealed class FailedInvocationException(string fault) : Exception(fault);
