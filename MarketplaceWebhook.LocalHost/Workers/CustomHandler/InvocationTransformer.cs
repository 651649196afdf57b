using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Forwarder;

namespace MarketplaceWebhook.LocalHost.Workers.CustomHandler;

/// <summary>Adds the host's headers to a forwarded request. The path is the one that matched, encoded again.</summary>
internal sealed class InvocationTransformer : HttpTransformer
{
    public static InvocationTransformer Instance { get; } = new();

    public override async ValueTask TransformRequestAsync(
        HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
    {
        await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);

        var headers = proxyRequest.Headers;
        HostHeaders.Set(headers);
        headers.Remove("User-Agent");
        headers.TryAddWithoutValidation(
            "User-Agent", $"{httpContext.Request.Headers.UserAgent} {HostHeaders.UserAgent}".TrimStart());
    }
}
