using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Security;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace MarketplaceWebhook.Benchmarks.Macro;

/// <summary>
/// A storage account on loopback that responds immediately, so that the cost of the caller is what is left. It stores messages
/// and rows only on request. It is an OTLP endpoint too, and counts what is exported to it.
/// </summary>
internal sealed class StorageStandIn : IAsyncDisposable
{
    private const string Account = "standin";
    private static readonly string Time = DateTimeOffset.UnixEpoch.ToString("R", CultureInfo.InvariantCulture);
    private static readonly string Never = DateTimeOffset.MaxValue.ToString("R", CultureInfo.InvariantCulture);
    private static readonly byte[] MessageSent = Encoding.UTF8.GetBytes(
        MessageList(Message("62b839b9-f32f-4f61-b2c2-50b9fb42258f", "")));

    private readonly WebApplication _app;
    private readonly ConcurrentQueue<Call> _calls = [];
    private readonly ConcurrentQueue<string> _messages = [];
    private TaskCompletionSource _transaction = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private StorageStandIn(WebApplication app) => _app = app;

    /// <param name="Operation">Method and last part of the path, such as <c>POST $batch</c>.</param>
    public sealed record Call(string Operation, long Started, long Ended)
    {
        /// <summary>Made by the Functions host, not by the app: it receives and deletes messages.</summary>
        public bool IsOfHost => Operation is "GET messages" or "DELETE messages";
    }

    public Uri Address { get; private set; } = null!;

    public string ConnectionString =>
        $"DefaultEndpointsProtocol=http;AccountName={Account};AccountKey={Convert.ToBase64String(new byte[32])};"
        + $"BlobEndpoint={Address}{Account};QueueEndpoint={Address}{Account};TableEndpoint={Address}{Account};";

    /// <summary>Settings with which an app exports its telemetry to this endpoint.</summary>
    public Dictionary<string, string?> TelemetrySettings => new()
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = Address.ToString(),
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
    };

    public ExportedTelemetry Exported { get; } = new();

    /// <summary>Every response waits as long, so that parallel calls can be recognized by their times.</summary>
    public TimeSpan Delay { get; set; }

    public bool RecordsCalls { get; set; }

    /// <summary>If false, the text of a sent message is discarded.</summary>
    public bool StoresMessages { get; set; }

    /// <summary>Stores rows; if null, every table is empty.</summary>
    public SortedTables? Tables { get; set; }

    /// <summary>Completes at the next transaction.</summary>
    public Task NextTransaction
    {
        get
        {
            _transaction = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _transaction.Task;
        }
    }

    public static async Task<StorageStandIn> StartAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.AddServerHeader = false;
        });
        builder.Services.AddRoutingCore();
        builder.Logging.ClearProviders();
        var standIn = new StorageStandIn(builder.Build());
        standIn._app.Run(standIn.RespondAsync);
        await standIn._app.StartAsync(cancellationToken);
        var addresses = standIn._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
        standIn.Address = new Uri(addresses.First() + "/");
        return standIn;
    }

    /// <summary>Adds a message, which the Functions host receives.</summary>
    public void Enqueue(string text) => _messages.Enqueue(Convert.ToBase64String(Encoding.UTF8.GetBytes(text)));

    /// <summary>Returns the calls that were recorded since the last time.</summary>
    public IReadOnlyList<Call> DrainCalls()
    {
        var drained = new List<Call>();
        while (_calls.TryDequeue(out var call))
        {
            drained.Add(call);
        }

        return drained;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task RespondAsync(HttpContext context)
    {
        var started = Stopwatch.GetTimestamp();
        var path = context.Request.Path.Value!;
        using var buffer = new MemoryStream();
        await context.Request.Body.CopyToAsync(buffer);
        var body = buffer.GetBuffer().AsMemory(0, (int)buffer.Length);
        if (path.StartsWith("/v1/", StringComparison.Ordinal))
        {
            Exported.Add(path[4..], body.Span);
            return;
        }

        if (Delay > TimeSpan.Zero)
        {
            await Task.Delay(Delay);
        }

        var resource = path.Contains("/messages/", StringComparison.Ordinal) ? "messages" : path[(path.LastIndexOf('/') + 1)..];
        context.Response.Headers["x-ms-version"] = "2021-12-02";
        context.Response.Headers["x-ms-request-id"] = "62b839b9-f32f-4f61-b2c2-50b9fb42258f";
        if (resource == "messages")
        {
            await RespondOfQueueAsync(context, path, body);
        }
        else
        {
            await RespondOfTableAsync(context, resource, body);
        }

        if (RecordsCalls)
        {
            _calls.Enqueue(new Call($"{context.Request.Method} {resource}", started, Stopwatch.GetTimestamp()));
        }
    }

    private async Task RespondOfQueueAsync(HttpContext context, string path, ReadOnlyMemory<byte> body)
    {
        var (request, response) = (context.Request, context.Response);
        switch (request.Method)
        {
            case "POST":
                if (StoresMessages)
                {
                    var text = Encoding.UTF8.GetString(body.Span);
                    var start = text.IndexOf("<MessageText>", StringComparison.Ordinal) + "<MessageText>".Length;
                    _messages.Enqueue(text[start..text.IndexOf("</MessageText>", StringComparison.Ordinal)]);
                }

                response.StatusCode = StatusCodes.Status201Created;
                response.ContentType = "application/xml";
                await response.Body.WriteAsync(MessageSent);
                break;
            case "GET":
                response.ContentType = "application/xml";
                await response.WriteAsync(MessageList(path.Contains("-poison", StringComparison.Ordinal)
                    ? ""
                    : ReceiveMessages(int.Parse(request.Query["numofmessages"].ToString(), CultureInfo.InvariantCulture))));
                break;
            default:
                response.StatusCode = StatusCodes.Status204NoContent;
                response.Headers["x-ms-popreceipt"] = "AgAAAAMAAAAAAAAA";
                response.Headers["x-ms-time-next-visible"] = Never;
                break;
        }
    }

    private string ReceiveMessages(int limit)
    {
        var list = new StringBuilder();
        for (var n = 0; n < limit && _messages.TryDequeue(out var text); n++)
        {
            list.Append(Message(Guid.NewGuid().ToString(), SecurityElement.Escape(text)));
        }

        return list.ToString();
    }

    private async Task RespondOfTableAsync(HttpContext context, string resource, ReadOnlyMemory<byte> body)
    {
        var (request, response) = (context.Request, context.Response);
        switch (request.Method, resource)
        {
            case ("POST", "$batch"):
                await RespondToTransactionAsync(response, Encoding.UTF8.GetString(body.Span));
                _transaction.TrySetResult();
                break;
            case ("POST", _):
                response.StatusCode = StatusCodes.Status204NoContent;
                response.Headers.ETag = "W/\"1\"";
                if (resource != "Tables" && Tables?.Insert(resource, Encoding.UTF8.GetString(body.Span)) == false)
                {
                    response.StatusCode = StatusCodes.Status409Conflict;
                    response.ContentType = "application/json";
                    await response.WriteAsync("""{"odata.error":{"code":"EntityAlreadyExists","message":{"value":""}}}""");
                }

                break;
            case ("GET", _):
                response.ContentType = "application/json;odata=minimalmetadata";
                var rows = Tables?.Query(resource.Replace("()", "", StringComparison.Ordinal), request.Query["$filter"]!) ?? [];
                await response.WriteAsync($"{{\"value\":[{string.Join(',', rows)}]}}");
                break;
            default:
                response.StatusCode = StatusCodes.Status201Created;
                response.Headers.ETag = "\"1\"";
                response.Headers.LastModified = Time;
                break;
        }
    }

    private Task RespondToTransactionAsync(HttpResponse response, string body)
    {
        const string Part =
            "--changeset\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\nHTTP/1.1 204 No Content\r\nETag: W/\"1\"\r\n\r\n\r\n";
        var actions = body.Split("Content-Type: application/http")[1..];
        foreach (var action in Tables is null ? [] : actions)
        {
            var insertion = action.Split('\n').FirstOrDefault(line => line.StartsWith("POST ", StringComparison.Ordinal));
            if (insertion?.Split(' ')[1] is not { } address)
            {
                continue;
            }

            var table = new Uri(address).Segments[^1];
            Tables!.Insert(table, action[action.IndexOf('{', StringComparison.Ordinal)..(action.LastIndexOf('}') + 1)]);
        }

        response.StatusCode = StatusCodes.Status202Accepted;
        response.ContentType = "multipart/mixed; boundary=batch";
        return response.WriteAsync(
            "--batch\r\nContent-Type: multipart/mixed; boundary=changeset\r\n\r\n"
            + string.Concat(Enumerable.Repeat(Part, actions.Length)) + "--changeset--\r\n--batch--\r\n");
    }

    private static string MessageList(string messages) =>
        $"<?xml version=\"1.0\" encoding=\"utf-8\"?><QueueMessagesList>{messages}</QueueMessagesList>";

    private static string Message(string id, string text) =>
        $"<QueueMessage><MessageId>{id}</MessageId><InsertionTime>{Time}</InsertionTime><ExpirationTime>{Never}</ExpirationTime>"
        + $"<PopReceipt>AgAAAAMAAAAAAAAA</PopReceipt><TimeNextVisible>{Never}</TimeNextVisible><DequeueCount>1</DequeueCount>"
        + $"<MessageText>{text}</MessageText></QueueMessage>";
}
