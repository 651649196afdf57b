using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;

namespace MarketplaceWebhook;

/// <summary>
/// Forgets the <see cref="IResult"/> of an invocation, which has been written as the response. Otherwise the worker also
/// serializes the object with all its properties by reflection, and sends the JSON to the host, which does not read it.
/// Source: https://github.com/Azure/azure-functions-dotnet-worker/blob/main/src/DotNetWorker.Grpc/Handlers/InvocationHandler.cs
/// </summary>
internal sealed class WrittenResultMiddleware : IFunctionsWorkerMiddleware
{
    public async Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        await next(context);
        if (context.GetInvocationResult() is { Value: IResult } result)
        {
            result.Value = null;
        }
    }
}
