using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace MarketplaceWebhook.Tests.Support.Faults;

/// <summary>
/// An HTTP proxy between an application and its storage (the shared key does not sign the host name). It counts and records the
/// calls, runs what a test wants before or after any of them, and breaks them on demand. Responses are held back completely until
/// <see cref="After"/> is done, so that an action there happens after storage did its part and before the application knows.
/// </summary>
public sealed class FaultProxy : IAsyncDisposable
{
    private readonly Dictionary<int, (StorageKind Kind, Uri Storage)> _byPort = [];
    private readonly ConcurrentQueue<StorageCall> _calls = [];
    private readonly HttpMessageInvoker _client = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        UseCookies = false,
        UseProxy = false,
    });

    private readonly WebApplication _app;
    private int _count;

    private FaultProxy(WebApplication app) => this._app = app;

    /// <summary>The storage connection with the proxy's endpoints in place of the real ones.</summary>
    public string ConnectionString { get; private set; } = "";

    public IReadOnlyList<StorageCall> Calls => [.. _calls];

    /// <summary>Runs before storage sees the call, and may say how the call fails; then storage never sees it.</summary>
    public Func<StorageCall, Task<Fault?>> Before { get; set; } = _ => Task.FromResult<Fault?>(null);

    /// <summary>Runs after storage did the call and before the caller gets the response, and may say how it gets lost.</summary>
    public Func<StorageCall, StorageResponse, Task<Fault?>> After { get; set; } = (_, _) => Task.FromResult<Fault?>(null);

    /// <summary>Starts on free ports of the loopback address, in front of the storage of this connection string.</summary>
    public static async Task<FaultProxy> StartAsync(string connectionString, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.AddServerHeader = false;
            foreach (var _ in Enum.GetValues<StorageKind>())
            {
                kestrel.Listen(IPAddress.Loopback, 0);
            }
        });
        var app = builder.Build();
        var proxy = new FaultProxy(app);
        app.Run(proxy.PassAsync);
        await app.StartAsync(cancellationToken);

        var settings = connectionString.Split(';', StringSplitOptions.RemoveEmptyEntries)
            .Select(setting => setting.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
        foreach (var (kind, address) in Enum.GetValues<StorageKind>().Zip(app.Urls))
        {
            var storage = new Uri(settings[$"{kind}Endpoint"]);
            proxy._byPort[new Uri(address).Port] = (kind, storage);
            settings[$"{kind}Endpoint"] = address + storage.AbsolutePath;
        }

        proxy.ConnectionString = string.Join(';', settings.Select(pair => $"{pair.Key}={pair.Value}"));
        return proxy;
    }

    /// <summary>Every call that <paramref name="which"/> selects fails this way, from now until the result is disposed.</summary>
    public IDisposable Break(Fault fault, Func<StorageCall, bool>? which = null)
    {
        var before = Before;
        Before = async call => which is null || which(call) ? fault : await before(call);
        return new Repair(() => Before = before);
    }

    public async ValueTask DisposeAsync()
    {
        // A hung call would hold an orderly stop.
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
        _client.Dispose();
    }

    private async Task PassAsync(HttpContext context)
    {
        var (kind, storage) = _byPort[context.Connection.LocalPort];
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var call = StorageCall.Parse(Interlocked.Increment(ref _count), kind, context.Request.Method, target);
        _calls.Enqueue(call);

        var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        if (await Before(call) is { } fault)
        {
            await FailAsync(context, kind, fault);
            return;
        }

        using var request = Request(context.Request, new(storage.GetLeftPart(UriPartial.Authority) + target, Exactly), body);
        // What reached storage is done even if the caller has gone by now.
        using var response = await SendAsync(request);
        if (response is null)
        {
            context.Abort();
            return;
        }

        var content = await response.Content.ReadAsByteArrayAsync(CancellationToken.None);
        if (await After(call, new((int)response.StatusCode, content)) is { } lost)
        {
            await FailAsync(context, kind, lost);
        }
        else
        {
            await RespondAsync(context.Response, response, content);
        }
    }

    /// <returns>Null where storage is away: the caller's connection breaks, as if it were the one to storage.</returns>
    private async Task<HttpResponseMessage?> SendAsync(HttpRequestMessage request)
    {
        try
        {
            return await _client.SendAsync(request, CancellationToken.None);
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    private static UriCreationOptions Exactly => new() { DangerousDisablePathAndQueryCanonicalization = true };

    private static HttpRequestMessage Request(HttpRequest from, Uri target, MemoryStream body)
    {
        var request = new HttpRequestMessage(new(from.Method), target);
        if (body.Length > 0 || from.ContentLength is not null)
        {
            request.Content = new ByteArrayContent(body.ToArray());
        }

        foreach (var (name, values) in from.Headers)
        {
            if (name is "Host" or "Connection" or "Transfer-Encoding" or "Content-Length" or "Expect")
            {
                continue;
            }

            if (!request.Headers.TryAddWithoutValidation(name, values.ToArray()))
            {
                request.Content?.Headers.TryAddWithoutValidation(name, values.ToArray());
            }
        }

        return request;
    }

    private static async Task RespondAsync(HttpResponse to, HttpResponseMessage response, byte[] content)
    {
        to.StatusCode = (int)response.StatusCode;
        foreach (var (name, values) in response.Headers.Concat(response.Content.Headers))
        {
            if (name is not ("Connection" or "Keep-Alive" or "Transfer-Encoding"))
            {
                to.Headers[name] = values.ToArray();
            }
        }

        if (content.Length > 0)
        {
            await to.Body.WriteAsync(content);
        }
    }

    private static async Task FailAsync(HttpContext context, StorageKind kind, Fault fault)
    {
        switch (fault)
        {
            case Fault.Response error:
                await RespondAsync(context.Response, kind, error);
                break;
            case Fault.Hang:
                await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
                break;
            case Fault.Reset:
                context.Abort();
                break;
        }
    }

    private static async Task RespondAsync(HttpResponse response, StorageKind kind, Fault.Response error)
    {
        response.StatusCode = error.Status;
        response.Headers["x-ms-error-code"] = error.Code;
        response.ContentType = kind is StorageKind.Table ? "application/json" : "application/xml";
        await response.WriteAsync(kind is StorageKind.Table
            ? $$"""{ "odata.error": { "code": "{{error.Code}}", "message": { "lang": "en-US", "value": "Broken by a test." } } }"""
            : $"""<?xml version="1.0" encoding="utf-8"?><Error><Code>{error.Code}</Code><Message>Broken by a test.</Message></Error>""");
    }

    private sealed class Repair(Action repair) : IDisposable
    {
        public void Dispose() => repair();
    }
}
