using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Forwarder;

namespace MarketplaceWebhook.LocalHost.Workers.Isolated;

/// <summary>
/// Marks a forwarded request with its invocation id, by which the worker finds the invocation that it belongs to.
/// </summary>
internal sealed class IsolatedTransformer(string invocationId) : HttpTransformer
{
    private const string Header = "x-ms-invocation-id";

    public override async ValueTask TransformRequestAsync(
        HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
    {
        await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
        proxyRequest.Headers.Host = null;
        proxyRequest.Headers.Remove(Header);
        proxyRequest.Headers.Add(Header, invocationId);
    }

    public override async ValueTask<bool> TransformResponseAsync(
        HttpContext httpContext, HttpResponseMessage? proxyResponse, CancellationToken cancellationToken)
    {
        var isForwarded = await base.TransformResponseAsync(httpContext, proxyResponse, cancellationToken);
        httpContext.Response.Headers.Remove("Server");
        return isForwarded;
    }
}
