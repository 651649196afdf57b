using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using MarketplaceWebhook.Cli.Bodies;
using MarketplaceWebhook.LocalHost;
using MarketplaceWebhook.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace MarketplaceWebhook.Cli.Dashboard;

/// <summary>
/// Acts as Cyclr: posts a body to the webhook's URL, or puts a scenario on the queue. The browser does not get the key.
/// </summary>
internal sealed class SendEndpoints(
    Task<LocalFunctionsHost> hostStarted, string key, HttpClient http, NotificationQueue queue, TimeProvider time)
{
    public void Map(IEndpointRouteBuilder page)
    {
        page.MapGet("/bodies", () => NotificationBody.Names.ToDictionary(
            name => name, name => Encoding.UTF8.GetString(NotificationBody.Read(name).Bytes)));
        page.MapPost("/send", SendAsync);
        page.MapPost("/scenario", PlayAsync);
    }

    private sealed record ResponseView(int Status, string? Reason, string? ContentType, string Body, double Milliseconds);

    private sealed record DeliveryView(string Id, DateTimeOffset ReceivedAt, string Status, string PackageId, bool IsRepeated);

    private sealed record ScenarioView(
        Guid AccountId, string AccountApiId, IReadOnlyList<DeliveryView> Deliveries,
        IReadOnlyDictionary<string, string> Expected);

    private async Task<IResult> SendAsync(HttpRequest request, string? source, CancellationToken aborted)
    {
        var host = await hostStarted.WaitAsync(aborted);
        if (host.ReceiverUrl is not { } receiver)
        {
            return TypedResults.NotFound();
        }

        var path = string.IsNullOrEmpty(source) ? "" : $"/{Uri.EscapeDataString(source)}";
        using var call = new HttpRequestMessage(HttpMethod.Post, $"{receiver}{path}?code={Uri.EscapeDataString(key)}")
        {
            Content = new StreamContent(request.Body)
            {
                Headers = { ContentType = new MediaTypeHeaderValue("application/json") },
            },
        };
        var started = Stopwatch.GetTimestamp();
        using var response = await http.SendAsync(call, aborted);
        var body = await response.Content.ReadAsStringAsync(aborted);
        return TypedResults.Ok(new ResponseView(
            (int)response.StatusCode, response.ReasonPhrase, response.Content.Headers.ContentType?.MediaType, body,
            Stopwatch.GetElapsedTime(started).TotalMilliseconds));
    }

    private async Task<IResult> PlayAsync(CancellationToken aborted)
    {
        var accountId = Guid.NewGuid();
        var accountApiId = $"scenario-{accountId.ToString()[..4]}";
        var scenario = Scenario.Create(accountId, accountApiId, time.GetUtcNow(), Random.Shared);
        foreach (var delivery in scenario.Deliveries)
        {
            await queue.ResendAsync(delivery.MessageText, aborted);
        }

        return TypedResults.Ok(new ScenarioView(
            accountId,
            accountApiId,
            [.. scenario.Deliveries.Select(d => new DeliveryView(
                d.Id.ToString(), d.Id.ReceivedAt, d.Status, InstallView.PackageText(d.PackageId), d.IsRepeated))],
            scenario.Expected));
    }
}
