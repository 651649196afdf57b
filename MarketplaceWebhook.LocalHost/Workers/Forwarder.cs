using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Yarp.ReverseProxy.Forwarder;

namespace MarketplaceWebhook.LocalHost.Workers;

/// <summary>Calls the worker's own HTTP server, over connections that all calls share.</summary>
internal sealed class Forwarder : IDisposable
{
    private static readonly ForwarderRequestConfig Config = new() { ActivityTimeout = Timeout.InfiniteTimeSpan };

    private readonly ServiceProvider _services = new ServiceCollection().AddLogging().AddHttpForwarder().BuildServiceProvider();
    private readonly IHttpForwarder _forwarder;

    // The response passes unchanged: no redirect is followed, nothing is decompressed, no cookie is stored.
    private readonly HttpMessageInvoker _invoker = new(new SocketsHttpHandler
    {
        UseProxy = false,
        AllowAutoRedirect = false,
        UseCookies = false,
        AutomaticDecompression = DecompressionMethods.None,
        ActivityHeadersPropagator = null,
    });

    public Forwarder() => _forwarder = _services.GetRequiredService<IHttpForwarder>();

    /// <summary>Streams a request to the worker, and the response back.</summary>
    public async Task<bool> ForwardAsync(
        HttpContext context, string address, HttpTransformer transformer, CancellationToken cancellationToken)
    {
        // What an earlier attempt left.
        context.Features.Set<IForwarderErrorFeature>(null);
        context.Response.StatusCode = StatusCodes.Status200OK;
        return await _forwarder.SendAsync(
            context, address, _invoker, Config, transformer, cancellationToken) == ForwarderError.None;
    }

    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        _invoker.SendAsync(request, cancellationToken);

    /// <summary>True if the last attempt was refused: the worker received nothing, and the request can be sent again.</summary>
    public static bool WasRefused(HttpContext context) =>
        context.GetForwarderErrorFeature()?.Exception?.InnerException
            is SocketException { SocketErrorCode: SocketError.ConnectionRefused };

    public void Dispose()
    {
        _invoker.Dispose();
        _services.Dispose();
    }
}
