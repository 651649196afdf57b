using System.Net;
using MarketplaceWebhook.LocalHost.App;
using MarketplaceWebhook.LocalHost.Workers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace MarketplaceWebhook.LocalHost.Http;

/// <summary>The host's HTTP endpoint on 127.0.0.1: routes and key check. Matching requests go to the worker.</summary>
internal sealed class HttpFront : IAsyncDisposable
{
    private readonly WorkerSupervisor _worker;
    private readonly KeyCheck _keys;
    private readonly int _port;
    private readonly TimeProvider _time;
    private readonly Action<HostEvent> _observe;
    private readonly WebApplication _web;

    /// <param name="mapOther">Maps what this host serves besides the functions: without key check and events.</param>
    public HttpFront(
        IReadOnlyList<HttpFunction> functions, string routePrefix, WorkerSupervisor worker, string key, int port,
        Action<IEndpointRouteBuilder> mapOther, TimeProvider time, Action<HostEvent> observe)
    {
        (_worker, _keys, _port, _time, _observe) = (worker, new KeyCheck(key), port, time, observe);

        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        ((IWebHostBuilder)builder.WebHost).UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(IPAddress.Loopback, port, listen => listen.UseLateClose());
        });
        builder.Services.AddRouting();
        _web = builder.Build();
        _web.UseRouting();
        _web.Use(RespondAsync);
        foreach (var function in functions)
        {
            Map($"{routePrefix}/{function.Route}", function);
        }

        mapOther(_web.MapGroup("").WithMetadata(new OtherEndpoint()));
    }

    public Uri BaseAddress => new(_web.Urls.Single());

    /// <exception cref="LocalHostException">The port is taken.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _web.StartAsync(cancellationToken);
        }
        catch (IOException exception) when (exception.InnerException is AddressInUseException)
        {
            throw LocalFunctionsHost.PortTaken(_port, exception);
        }
    }

    /// <summary>Accepts no further calls, and waits for those in progress until cancelled.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => _web.StopAsync(cancellationToken);

    public ValueTask DisposeAsync() => _web.DisposeAsync();

    private void Map(string route, HttpFunction function)
    {
        RequestDelegate forward = context => _worker.ForwardAsync(context, function);
        var endpoint = function.Methods is [] ? _web.Map(route, forward) : _web.MapMethods(route, function.Methods, forward);
        endpoint.WithMetadata(function);
    }

    /// <summary>
    /// Responds with 404, 403 and 401, and reports every call. Routing alone would respond with 405 to a method that no function
    /// lists.
    /// </summary>
    private async Task RespondAsync(HttpContext context, RequestDelegate next)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<OtherEndpoint>() is not null)
        {
            await next(context);
            return;
        }

        var started = _time.GetTimestamp();
        var head = new ResponseHead(context.Response.Body);
        context.Response.Body = head;
        var function = context.GetEndpoint()?.Metadata.GetMetadata<HttpFunction>();
        try
        {
            if (function is null)
            {
                context.Response.StatusCode = StatusCodes.Status404NotFound;
            }
            else if (IsFromAnotherOrigin(context.Request))
            {
                context.Response.StatusCode = StatusCodes.Status403Forbidden;
            }
            else if (!_keys.Allows(function.AuthLevel, context.Request))
            {
                context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            }
            else
            {
                await next(context);
            }
        }
        finally
        {
            _observe(new HttpInvocation(
                function?.Name, context.Request.Method, context.Request.Path.Value ?? "", context.Response.StatusCode,
                head.ToString(), _time.GetElapsedTime(started)));
        }
    }

    /// <summary>
    /// Only browsers send this header, and no script can set it. The value is "none" if the user entered the address.
    /// </summary>
    private static bool IsFromAnotherOrigin(HttpRequest request) =>
        request.Headers.TryGetValue("Sec-Fetch-Site", out var site) && site != "same-origin" && site != "none";

    private sealed record OtherEndpoint;
}
