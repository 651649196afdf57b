using System.Net;
using System.Net.Sockets;
using MarketplaceWebhook.Cli.LocalHost.App;
using MarketplaceWebhook.Cli.LocalHost.Handling;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Yarp.ReverseProxy.Forwarder;

namespace MarketplaceWebhook.Cli.LocalHost.Http;

/// <summary>The door of the host on 127.0.0.1: routes, key check, and the stream to the handler.</summary>
internal sealed class HttpFront : IAsyncDisposable
{
    private readonly FunctionApp app;
    private readonly Handler handler;
    private readonly TimeProvider time;
    private readonly Action<HostEvent> observe;
    private readonly KeyCheck keys;
    private readonly int port;
    private readonly WebApplication web;
    private readonly IHttpForwarder forwarder;
    private readonly ForwarderRequestConfig forwarding;

    // What the handler answers is the caller's business: no redirect is followed, nothing is unpacked, no cookie kept.
    private readonly HttpMessageInvoker invoker = new(new SocketsHttpHandler
    {
        UseProxy = false,
        AllowAutoRedirect = false,
        UseCookies = false,
        AutomaticDecompression = DecompressionMethods.None,
        ActivityHeadersPropagator = null,
    });

    /// <param name="mapBeside">Maps what stands beside the functions: it answers for itself, without key and report.</param>
    public HttpFront(
        FunctionApp app, Handler handler, string key, int port, Action<IEndpointRouteBuilder> mapBeside,
        TimeProvider time, Action<HostEvent> observe)
    {
        (this.app, this.handler, this.port, this.time, this.observe) = (app, handler, port, time, observe);
        keys = new KeyCheck(key);
        forwarding = new ForwarderRequestConfig { ActivityTimeout = Timeout.InfiniteTimeSpan };

        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        ((IWebHostBuilder)builder.WebHost).UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(IPAddress.Loopback, port);
        });
        builder.Services.AddRouting().AddHttpForwarder();
        web = builder.Build();
        forwarder = web.Services.GetRequiredService<IHttpForwarder>();
        MapFunctions();
        mapBeside(web.MapGroup("").WithMetadata(new BesideFunctions()));
    }

    public Uri BaseAddress => new(web.Urls.Single());

    /// <exception cref="UserErrorException">The port is taken.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            await web.StartAsync(cancellationToken);
        }
        catch (IOException exception) when (exception.InnerException is AddressInUseException)
        {
            throw new UserErrorException(
                $"Port {port} is taken by another program. Name a free one with --port, or end that program.", exception);
        }
    }

    /// <summary>Takes no further calls, and waits for those under way until cancelled.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => web.StopAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await web.DisposeAsync();
        invoker.Dispose();
    }

    private void MapFunctions()
    {
        web.UseRouting();
        web.Use(AnswerAsync);
        foreach (var function in app.HttpFunctions)
        {
            var route = $"{app.Host.RoutePrefix}/{function.Route}";
            RequestDelegate forward = context => ForwardAsync(context, function);
            var endpoint = function.Methods is [] ? web.Map(route, forward) : web.MapMethods(route, function.Methods, forward);
            endpoint.WithMetadata(function);
        }
    }

    /// <summary>
    /// 404 and 401, and the report of every call. Routing itself would answer 405 to a method that no function lists.
    /// </summary>
    private async Task AnswerAsync(HttpContext context, RequestDelegate next)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<BesideFunctions>() is not null)
        {
            await next(context);
            return;
        }

        var started = time.GetTimestamp();
        var answer = new AnswerHead(context.Response.Body);
        context.Response.Body = answer;
        var function = context.GetEndpoint()?.Metadata.GetMetadata<HttpFunction>();
        try
        {
            if (function is null)
                context.Response.StatusCode = StatusCodes.Status404NotFound;
            else if (!keys.Allows(function.AuthLevel, context.Request))
                context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            else
                await next(context);
        }
        finally
        {
            observe(new HttpInvocation(
                function?.Name, context.Request.Method, context.Request.Path.Value ?? "", context.Response.StatusCode,
                answer.ToString(), time.GetElapsedTime(started)));
        }
    }

    private async Task ForwardAsync(HttpContext context, HttpFunction function)
    {
        if (!app.Host.ProxiesHttpRequests && context.Request.Headers.TransferEncoding.Count > 0)
        {
            context.Response.StatusCode = StatusCodes.Status500InternalServerError;
            return;
        }

        using var timeout = new CancellationTokenSource(app.Host.FunctionTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, context.RequestAborted);
        HandlerProcess? process = null;
        var error = ForwarderError.None;
        try
        {
            do
            {
                process = await handler.ListeningAsync(either.Token);
                error = await forwarder.SendAsync(
                    context, process.Address, invoker, forwarding, InvocationTransformer.Instance, either.Token);
            }
            while (error != ForwarderError.None && await process.EndsSoonAsync(either.Token) && IsRefused(context));
        }
        catch (OperationCanceledException)
        {
            error = ForwarderError.RequestCanceled;
        }

        if (timeout.IsCancellationRequested && process is not null)
            handler.Restart(process, $"{function.Name} ran into the function timeout");
        if (error != ForwarderError.None && !context.Response.HasStarted)
            context.Response.StatusCode = StatusCodes.Status500InternalServerError;
    }

    // Nothing was sent, so that the next handler can have it.
    private static bool IsRefused(HttpContext context) =>
        context.GetForwarderErrorFeature()?.Exception?.InnerException
            is SocketException { SocketErrorCode: SocketError.ConnectionRefused };

    private sealed record BesideFunctions;
}
