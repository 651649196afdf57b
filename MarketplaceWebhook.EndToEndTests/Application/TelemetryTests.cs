using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using MarketplaceWebhook.EndToEndTests.Support.Otlp;
using MarketplaceWebhook.LocalHost;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Telemetry;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.EndToEndTests.Application;

/// <summary>The application exporting to a collector: what operators see, and what never leaves it.</summary>
public sealed class TelemetryTests(AzuriteFixture azurite)
{
    private const string Key = "a-function-key-nobody-may-see";
    private const string WebhookUrl = "https://example.com/api/webhook/nobody-may-see-this";
    private const string Path = "api/cyclr/marketplace/nobody-may-see-this-source";

    private const string TraceId = "0af7651916cd43dd8448eb211c80319c";

    private const string Installed =
        $$"""
        {"Status":"Installed","AccountId":"5b0c7a6e-2f6d-4a0e-9d15-1f2b8a3c4d5e","MarketplaceIntegrationPackageId":1234,
         "AccountApiId":"nobody-may-see-this-account","Errors":["nobody-may-see-this-error"],
         "MarketplaceInstallDetails":[{"CycleId":"11111111-1111-1111-1111-111111111111","Webhooks":[{"Url":"{{WebhookUrl}}"}]}]}
        """;

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Caller_s_trace_continues_from_the_request_to_the_rows()
    {
        using var deadline = new CancellationTokenSource(Deadline);
        await using var collector = await OtlpReceiver.StartAsync(deadline.Token);
        await using var host = await StartAsync(collector, deadline.Token);

        var id = await PostAsync(host, Installed, HttpStatusCode.Accepted, deadline.Token);
        await collector.WaitUntilAsync(seen => seen.Spans.Any(span => span.Name == TelemetryNames.Spans.Process), deadline.Token);

        var process = Assert.Single(collector.Spans, span => span.Name == TelemetryNames.Spans.Process);
        var send = Assert.Single(collector.Spans, span => span.Name == TelemetryNames.Spans.Send);
        Assert.Equal([TraceId, TraceId], [Hex(send.TraceId), Hex(process.TraceId)]);
        Assert.Equal(send.SpanId, process.ParentSpanId);
        Assert.Equal([Span.Types.SpanKind.Producer, Span.Types.SpanKind.Consumer], [send.Kind, process.Kind]);

        // The Functions host exports the request of an isolated worker; a custom handler exports it itself.
        foreach (var request in collector.Spans.Where(span => span.Kind == Span.Types.SpanKind.Server))
        {
            Assert.Equal(request.SpanId, send.ParentSpanId);
            Assert.Equal("/api/cyclr/marketplace/{source?}", Attribute(request, "http.route"));
        }

        Assert.Equal(id, Attribute(process, TelemetryNames.SpanAttributes.NotificationId));
        Assert.Equal("5b0c7a6e-2f6d-4a0e-9d15-1f2b8a3c4d5e", Attribute(process, TelemetryNames.SpanAttributes.AccountId));
        Assert.Equal("installed", Attribute(process, TelemetryNames.Attributes.Status));
        var delay = process.Attributes.Single(attribute => attribute.Key == TelemetryNames.SpanAttributes.ProjectionDelay);
        Assert.InRange(delay.Value.DoubleValue, 0, Deadline.TotalSeconds);
        Assert.All(collector.Resources, resource => Assert.Contains(
            resource.Attributes, attribute =>
                attribute is { Key: "service.name", Value.StringValue: TelemetryNames.ServiceName }));

        TestContext.Current.TestOutputHelper!.WriteLine(TraceText.Of(collector.Spans));
    }

    [Fact]
    public async Task Every_step_is_counted_and_nothing_secret_is_exported()
    {
        using var deadline = new CancellationTokenSource(Deadline);
        await using var collector = await OtlpReceiver.StartAsync(deadline.Token);
        await using var host = await StartAsync(collector, deadline.Token);

        await PostAsync(host, Installed, HttpStatusCode.Accepted, deadline.Token);
        var unknown = Installed.Replace("Installed", "Upgraded", StringComparison.Ordinal);
        await PostAsync(host, unknown, HttpStatusCode.Accepted, deadline.Token);
        await PostAsync(host, """{"Status":7,"Secret":"nobody-may-see-this-body"}""", HttpStatusCode.BadRequest, deadline.Token);
        await PostAsync(host, "nobody-may-see-this-text", HttpStatusCode.BadRequest, deadline.Token);
        await collector.WaitUntilAsync(seen => Counted(seen, TelemetryNames.Metrics.Projected).Count == 2, deadline.Token);

        Assert.Equal(
            new Dictionary<string, long>
            {
                ["marketplace.outcome=accepted marketplace.status=installed"] = 1,
                ["marketplace.outcome=accepted marketplace.status=other"] = 1,
                ["marketplace.outcome=rejected marketplace.status=other"] = 2,
            },
            Counted(collector, TelemetryNames.Metrics.Received));
        Assert.Equal(
            new Dictionary<string, long>
            {
                ["marketplace.reason=invalid-json"] = 1,
                ["marketplace.reason=invalid-notification"] = 1,
            },
            Counted(collector, TelemetryNames.Metrics.Rejected));
        Assert.Equal(
            new Dictionary<string, long> { ["marketplace.status=installed"] = 1, ["marketplace.status=other"] = 1 },
            Counted(collector, TelemetryNames.Metrics.Projected));
        Assert.Equal(new Dictionary<string, long> { [""] = 1 }, Counted(collector, TelemetryNames.Metrics.InstallsWithErrors));
        var delay = collector.Metrics.Last(metric => metric.Name == TelemetryNames.Metrics.ProjectionDelay);
        Assert.Equal("s", delay.Unit);
        Assert.Equal(2, delay.Histogram.DataPoints.Sum(point => (long)point.Count));

        Assert.Contains(collector.Logs, record =>
            record.Body.StringValue.StartsWith("Projected ", StringComparison.Ordinal) && !record.TraceId.IsEmpty);
        Assert.False(collector.WasSent("nobody-may-see"));
    }

    [Fact]
    public async Task Failed_delivery_is_exported_as_one_error()
    {
        using var deadline = new CancellationTokenSource(Deadline);
        await using var collector = await OtlpReceiver.StartAsync(deadline.Token);
        var storage = azurite.NewAccount();
        var clients = new StorageClients(StorageSettings.FromConnectionString(storage));
        await clients.CreateMissingAsync(deadline.Token);
        await using var host = await StartAsync(collector, deadline.Token, storage);

        await clients.PoisonQueue.SendMessageAsync("just plain text", deadline.Token);
        await clients.Queue.SendMessageAsync("other plain text", deadline.Token);
        await collector.WaitUntilAsync(
            seen => Errors(seen).Any(line => line.StartsWith("Dead letter", StringComparison.Ordinal))
                && Errors(seen).Any(line => line.StartsWith("Projection", StringComparison.Ordinal)),
            deadline.Token);

        Assert.All(Errors(collector), line => Assert.Matches("^(Projection of|Dead letter) ", line));

        static IEnumerable<string> Errors(OtlpReceiver collector) => collector.Logs
            .Where(record => record.SeverityText is "Error" or "Critical").Select(record => record.Body.StringValue);
    }

    private async Task<LocalFunctionsHost> StartAsync(
        OtlpReceiver collector, CancellationToken cancellationToken, string? storage = null) =>
        await LocalFunctionsHost.StartAsync(
            new LocalFunctionsHostOptions
            {
                AppDirectory = EndToEndHost.AppDirectory,
                Key = Key,
                StorageConnection = storage ?? azurite.NewAccount(),
                Environment = collector.Settings,
            },
            cancellationToken);

    private static async Task<string?> PostAsync(
        LocalFunctionsHost host, string body, HttpStatusCode expected, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { BaseAddress = host.BaseAddress };
        using var content = new StringContent(body, new MediaTypeHeaderValue("application/json"));
        content.Headers.Add("traceparent", $"00-{TraceId}-b7ad6b7169203331-01");
        using var response = await http.PostAsync($"{Path}?code={Key}", content, cancellationToken);
        Assert.Equal(expected, response.StatusCode);
        using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync(cancellationToken));
        return json.RootElement.GetProperty("notificationId").GetString();
    }

    private static string? Attribute(Span span, string name) =>
        span.Attributes.SingleOrDefault(attribute => attribute.Key == name)?.Value.StringValue;

    private static string Hex(Google.Protobuf.ByteString id) => Convert.ToHexStringLower(id.Span);

    /// <summary>A counter as it was exported last: attributes → value.</summary>
    private static Dictionary<string, long> Counted(OtlpReceiver collector, string name) =>
        collector.Metrics.LastOrDefault(metric => metric.Name == name)?.Sum.DataPoints.ToDictionary(
            point => string.Join(
                ' ', point.Attributes.Select(label => $"{label.Key}={label.Value.StringValue}").Order(StringComparer.Ordinal)),
            point => point.AsInt) ?? [];
}
