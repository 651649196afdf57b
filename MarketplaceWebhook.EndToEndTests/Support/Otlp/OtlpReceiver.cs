using System.Collections.Concurrent;
using System.Text;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace MarketplaceWebhook.EndToEndTests.Support.Otlp;

/// <summary>A collector on loopback that keeps what it is sent: OTLP over http/protobuf.</summary>
public sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<byte[]> _everything = [];
    private readonly SemaphoreSlim _arrived = new(0);

    private OtlpReceiver(WebApplication app) => this._app = app;

    public ConcurrentQueue<Span> Spans { get; } = [];

    public ConcurrentQueue<Metric> Metrics { get; } = [];

    public ConcurrentQueue<LogRecord> Logs { get; } = [];

    public ConcurrentQueue<Resource> Resources { get; } = [];

    /// <summary>For OTEL_EXPORTER_OTLP_ENDPOINT.</summary>
    public string Endpoint =>
        _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();

    /// <summary>The settings that make an application export to here.</summary>
    public Dictionary<string, string?> Settings => new()
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = Endpoint,
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
    };

    public static async Task<OtlpReceiver> StartAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        var receiver = new OtlpReceiver(builder.Build());
        receiver._app.MapPost("/v1/{signal}", receiver.ReceiveAsync);
        await receiver._app.StartAsync(cancellationToken);
        return receiver;
    }

    /// <summary>Waits until what has arrived is enough.</summary>
    public async Task WaitUntilAsync(Func<OtlpReceiver, bool> isEnough, CancellationToken cancellationToken)
    {
        while (!isEnough(this))
        {
            await _arrived.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Whether the text is anywhere in what was sent, in whatever field.</summary>
    public bool WasSent(string text) => _everything.Any(body => body.AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) >= 0);

    public ValueTask DisposeAsync()
    {
        _arrived.Dispose();
        return _app.DisposeAsync();
    }

    private async Task ReceiveAsync(HttpContext context)
    {
        using var buffer = new MemoryStream();
        await context.Request.Body.CopyToAsync(buffer, context.RequestAborted);
        var body = buffer.ToArray();
        _everything.Enqueue(body);
        Keep((string)context.Request.RouteValues["signal"]!, body);
        context.Response.ContentType = "application/x-protobuf";
        _arrived.Release();
    }

    private void Keep(string signal, byte[] body)
    {
        switch (signal)
        {
            case "traces":
                foreach (var part in ExportTraceServiceRequest.Parser.ParseFrom(body).ResourceSpans)
                {
                    Resources.Enqueue(part.Resource);
                    Add(Spans, part.ScopeSpans.SelectMany(scope => scope.Spans));
                }

                break;
            case "metrics":
                foreach (var part in ExportMetricsServiceRequest.Parser.ParseFrom(body).ResourceMetrics)
                {
                    Resources.Enqueue(part.Resource);
                    Add(Metrics, part.ScopeMetrics.SelectMany(scope => scope.Metrics));
                }

                break;
            case "logs":
                foreach (var part in ExportLogsServiceRequest.Parser.ParseFrom(body).ResourceLogs)
                {
                    Resources.Enqueue(part.Resource);
                    Add(Logs, part.ScopeLogs.SelectMany(scope => scope.LogRecords));
                }

                break;
        }
    }

    private static void Add<T>(ConcurrentQueue<T> kept, IEnumerable<T> more)
        where T : IMessage
    {
        foreach (var one in more)
        {
            kept.Enqueue(one);
        }
    }
}
