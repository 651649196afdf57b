using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
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
/// Storage on loopback that takes everything at once and keeps nothing, or rows alone: what is left is the cost of the caller.
/// Takes OpenTelemetry's exports too.
/// </summary>
internal sealed class StorageStandIn : IAsyncDisposable
{
    private const string Account = "standin";
    private static readonly string Time = DateTimeOffset.UnixEpoch.ToString("R", CultureInfo.InvariantCulture);
    private static readonly byte[] PutMessage = Encoding.UTF8.GetBytes(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><QueueMessagesList><QueueMessage><MessageId>62b839b9-f32f-4f61-b2c2-50b9fb42258f</MessageId>"
        + $"<InsertionTime>{Time}</InsertionTime><ExpirationTime>{Time}</ExpirationTime><PopReceipt>AgAAAAMAAAAAAAAA</PopReceipt>"
        + $"<TimeNextVisible>{Time}</TimeNextVisible></QueueMessage></QueueMessagesList>");

    private readonly WebApplication app;
    private readonly ConcurrentQueue<Call> calls = [];
    private long exports;

    private StorageStandIn(WebApplication app) => this.app = app;

    /// <param name="What">Method and last part of the path, such as <c>POST $batch</c>.</param>
    public sealed record Call(string What, long Begun, long Ended);

    public Uri Address { get; private set; } = null!;

    public string ConnectionString =>
        $"DefaultEndpointsProtocol=http;AccountName={Account};AccountKey={Convert.ToBase64String(new byte[32])};"
        + $"BlobEndpoint={Address}{Account};QueueEndpoint={Address}{Account};TableEndpoint={Address}{Account};";

    public long Exports => Interlocked.Read(ref exports);

    /// <summary>How long every answer waits: calls made beside each other show by their times.</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>Where rows are kept; null: nowhere, and every table is empty.</summary>
    public SortedTables? Tables { get; set; }

    /// <summary>The calls since the last time that it was asked.</summary>
    public IReadOnlyList<Call> TakeCalls()
    {
        var taken = new List<Call>();
        while (calls.TryDequeue(out var call))
        {
            taken.Add(call);
        }

        return taken;
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
        standIn.app.Run(standIn.AnswerAsync);
        await standIn.app.StartAsync(cancellationToken);
        var addresses = standIn.app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
        standIn.Address = new Uri(addresses.First() + "/");
        return standIn;
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        var (request, response) = (context.Request, context.Response);
        var begun = Stopwatch.GetTimestamp();
        var path = request.Path.Value!;
        var what = path[(path.LastIndexOf('/') + 1)..];
        using var reader = new StreamReader(request.Body);
        var body = await reader.ReadToEndAsync();
        if (Delay > TimeSpan.Zero)
        {
            await Task.Delay(Delay);
        }

        if (path.StartsWith("/v1/", StringComparison.Ordinal))
        {
            Interlocked.Increment(ref exports);
            return;
        }

        response.Headers["x-ms-version"] = "2021-12-02";
        response.Headers["x-ms-request-id"] = "62b839b9-f32f-4f61-b2c2-50b9fb42258f";
        switch (request.Method, what)
        {
            case ("POST", "messages"):
                response.StatusCode = StatusCodes.Status201Created;
                response.ContentType = "application/xml";
                await response.Body.WriteAsync(PutMessage);
                break;
            case ("POST", "$batch"):
                await AnswerTransactionAsync(response, body);
                break;
            case ("POST", _):
                response.StatusCode = what == "Tables" || Tables?.Insert(what, body) != false
                    ? StatusCodes.Status204NoContent
                    : StatusCodes.Status409Conflict;
                response.Headers.ETag = "W/\"1\"";
                break;
            case ("GET", _):
                response.ContentType = "application/json;odata=minimalmetadata";
                var rows = Tables?.Query(what.Replace("()", "", StringComparison.Ordinal), request.Query["$filter"]!) ?? [];
                await response.WriteAsync($"{{\"value\":[{string.Join(',', rows)}]}}");
                break;
            default:
                response.StatusCode = StatusCodes.Status201Created;
                response.Headers.ETag = "\"1\"";
                response.Headers.LastModified = Time;
                break;
        }

        if (Delay > TimeSpan.Zero)
        {
            calls.Enqueue(new Call($"{request.Method} {what}", begun, Stopwatch.GetTimestamp()));
        }
    }

    private Task AnswerTransactionAsync(HttpResponse response, string body)
    {
        const string Part = "--changeset\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\nHTTP/1.1 204 No Content\r\nETag: W/\"1\"\r\n\r\n\r\n";
        var actions = body.Split("Content-Type: application/http")[1..];
        foreach (var action in Tables is null ? [] : actions)
        {
            var address = action.Split('\n').First(line => line.StartsWith("POST ", StringComparison.Ordinal)).Split(' ')[1];
            var table = new Uri(address).Segments[^1];
            Tables!.Insert(table, action[action.IndexOf('{', StringComparison.Ordinal)..(action.LastIndexOf('}') + 1)]);
        }

        response.StatusCode = StatusCodes.Status202Accepted;
        response.ContentType = "multipart/mixed; boundary=batch";
        return response.WriteAsync(
            "--batch\r\nContent-Type: multipart/mixed; boundary=changeset\r\n\r\n"
            + string.Concat(Enumerable.Repeat(Part, actions.Length)) + "--changeset--\r\n--batch--\r\n");
    }
}
