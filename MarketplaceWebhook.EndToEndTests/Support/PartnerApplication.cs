using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace MarketplaceWebhook.EndToEndTests.Support;

/// <summary>The partner's own application: an HTTP server that records what is posted to it.</summary>
internal sealed class PartnerApplication(WebApplication web) : IAsyncDisposable
{
    private readonly ConcurrentQueue<Request> _requests = [];
    private readonly ConcurrentQueue<int> _statuses = [];

    /// <param name="Query">With the question mark.</param>
    public sealed record Request(string Method, string Path, string Query, string? ContentType, string Body);

    public IReadOnlyList<Request> Requests => [.. _requests];

    public Uri Url => new($"{web.Urls.Single()}/changes");

    /// <summary>The statuses of the next responses; then 204. 0: no response.</summary>
    public void Respond(params int[] statuses) => Array.ForEach(statuses, _statuses.Enqueue);

    /// <param name="port">0 selects a free one.</param>
    public static async Task<PartnerApplication> StartAsync(int port = 0)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        ((IWebHostBuilder)builder.WebHost).UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        var web = builder.Build();
        var application = new PartnerApplication(web);
        web.Run(application.RespondAsync);
        await web.StartAsync(Cancellation);
        return application;
    }

    public ValueTask DisposeAsync() => web.DisposeAsync();

    private async Task RespondAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        var request = context.Request;
        var body = await reader.ReadToEndAsync(context.RequestAborted);
        _requests.Enqueue(new Request(request.Method, request.Path, request.QueryString.Value ?? "", request.ContentType, body));
        var status = _statuses.TryDequeue(out var next) ? next : StatusCodes.Status204NoContent;
        if (status == 0)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return;
        }

        context.Response.StatusCode = status;
        context.Response.Headers.Location = "/elsewhere";
    }
}
