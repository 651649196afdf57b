using MarketplaceWebhook.Fallback;
using MarketplaceWebhook.Projecting;
using MarketplaceWebhook.Receiving;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace MarketplaceWebhook.CustomHandler;

/// <summary>
/// The functions as the host calls a custom handler: HTTP functions by the caller's path, queue functions by their name. The
/// function.json files declare them to the host.
/// </summary>
internal static class Endpoints
{
    /// <summary>Of every HTTP function: routePrefix in host.json. Queue functions have none.</summary>
    public const string HttpPrefix = "/api";

    /// <summary>The host appends itself to the caller's User-Agent, or is alone in it.</summary>
    private const string HostProduct = "Azure-Functions-Host/";

    public static void MapFunctions(this IEndpointRouteBuilder app)
    {
        app.MapPost(
            HttpPrefix + "/cyclr/marketplace/{source?}",
            (HttpRequest request, string? source, NotificationReceiver receiver) =>
                receiver.ReceiveAsync(WithUserAgentOfCaller(request), source));
        app.MapMethods(
            HttpPrefix + "/health", [HttpMethods.Get, HttpMethods.Head], (Health health) => health.CheckAsync());
        app.MapPost(
            "/ProjectNotification",
            (HttpRequest request, Projector projector, ILogger<Projector> logger, CancellationToken aborted) =>
                InvokeAsync(
                    "ProjectNotification", request, logger, i => projector.ProjectAsync(i.MessageText, aborted), aborted));
        app.MapPost(
            "/RecordDeadLetter",
            (HttpRequest request, DeadLetterRecorder recorder, ILogger<DeadLetterRecorder> logger, CancellationToken aborted) =>
                InvokeAsync(
                    "RecordDeadLetter", request, logger, i =>
                        recorder.RecordAsync(i.MessageText, i.InsertedAt, aborted), aborted));
        app.MapPost(
            "/MoveFallback",
            (HttpRequest request, FallbackMover mover, ILogger<FallbackMover> logger, CancellationToken aborted) =>
                InvokeAsync("MoveFallback", request, logger, i => mover.MoveAsync(i.MessageText, aborted), aborted));
        app.MapPost(
            "/RetryFallback",
            (HttpRequest request, FallbackMover mover, ILogger<FallbackMover> logger, CancellationToken aborted) =>
                InvokeAsync("RetryFallback", request, logger, i => mover.RetryAsync(i.MessageText, aborted), aborted));
    }

    private static HttpRequest WithUserAgentOfCaller(HttpRequest request)
    {
        var userAgent = request.Headers.UserAgent.ToString();
        var callersLength = userAgent.LastIndexOf(' ') + 1;
        if (userAgent.AsSpan(callersLength).StartsWith(HostProduct, StringComparison.Ordinal))
        {
            request.Headers.UserAgent = userAgent[..callersLength].TrimEnd();
        }

        return request;
    }

    /// <summary>
    /// A JSON object completes the message; 500 makes the host retry it. Without content it would never complete. The function
    /// logs its own failure, with the id of the message.
    /// </summary>
    private static async Task<IResult> InvokeAsync(
        string function, HttpRequest request, ILogger logger, Func<QueueInvocation, Task> invoke, CancellationToken aborted)
    {
        QueueInvocation? invocation = null;
        try
        {
            invocation = await QueueInvocation.ReadAsync(request.Body, aborted);
            await invoke(invocation);
            return TypedResults.Text("{}", "application/json");
        }
        catch (Exception e) when (!aborted.IsCancellationRequested)
        {
            if (invocation is null)
            {
                Log.InvocationUnreadable(logger, function, StorageErrors.Describe(e));
            }

            return TypedResults.StatusCode(StatusCodes.Status500InternalServerError);
        }
    }
}
