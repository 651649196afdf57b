using System.Net;
using System.Text.Json.Nodes;
using MarketplaceWebhook.EndToEndTests.LocalHost.Fakes;
using MarketplaceWebhook.LocalHost;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.EndToEndTests.LocalHost;

/// <summary>HTTP functions of a real isolated worker. What both kinds of worker share is in HttpFunctionTests.</summary>
public sealed class IsolatedHttpTests(RunningSample sample) : IClassFixture<RunningSample>
{
    private const string Code = "code=a%20key%2F%2B";

    private readonly SampleApp _app = sample.App;
    private readonly HttpClient _http = sample.Http;

    [Fact]
    public async Task Method_path_query_and_body_reach_the_function_unchanged()
    {
        var seen = await EchoAsync($"api/Echo/Acme?x=1&y=a%20b&{Code}", "{\"a\": 1 }");

        Assert.Equal("POST", (string?)seen["method"]);
        Assert.Equal($"/api/Echo/Acme?x=1&y=a%20b&{Code}", (string?)seen["target"]);
        Assert.Equal("Acme", (string?)seen["name"]);
        Assert.Equal("{\"a\": 1 }", (string?)seen["body"]);
    }

    [Fact]
    public async Task Absent_optional_route_value_is_null_in_the_function()
    {
        var seen = await EchoAsync($"api/echo?{Code}", "");

        Assert.Null(seen["name"]);
    }

    [Fact]
    public async Task Request_carries_its_invocation_id_in_place_of_the_callers_header()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"api/echo?{Code}");
        request.Headers.Add("x-ms-invocation-id", "of the caller");
        using var response = await _http.SendAsync(request, Cancellation);

        var seen = await JsonAsync(response);
        Assert.True(Guid.TryParse((string?)seen["invocationId"], out _));
        Assert.Equal((string?)seen["invocationId"], (string?)seen["headers"]!["x-ms-invocation-id"]);
    }

    [Fact]
    public async Task Trace_context_of_the_caller_reaches_the_function()
    {
        const string TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        using var request = new HttpRequestMessage(HttpMethod.Post, $"api/echo?{Code}");
        request.Headers.Add("traceparent", TraceParent);
        using var response = await _http.SendAsync(request, Cancellation);

        Assert.Contains(
            "0af7651916cd43dd8448eb211c80319c", (string?)(await JsonAsync(response))["traceParent"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(202)]
    [InlineData(302)]
    [InlineData(418)]
    [InlineData(503)]
    public async Task Client_receives_status_headers_and_body_of_the_function(int status)
    {
        using var response = await sample.PostAsync($"api/respond/{status}");

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("tea", await response.Content.ReadAsStringAsync(Cancellation));
        Assert.Equal("text/plain", response.Content.Headers.ContentType?.ToString());
        Assert.Equal("10", Assert.Single(response.Headers.GetValues("Retry-After")));
        Assert.Equal("/elsewhere", response.Headers.Location?.ToString());
    }

    [Fact]
    public async Task Server_header_of_the_worker_is_removed()
    {
        using var response = await sample.PostAsync("api/respond/200");

        Assert.False(response.Headers.Contains("Server"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("?code=wrong")]
    public async Task Missing_or_wrong_key_receives_401_with_an_empty_body_and_reaches_no_function(string query)
    {
        using var response = await sample.PostAsync($"api/rule{query}");

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Empty(await response.Content.ReadAsByteArrayAsync(Cancellation));
        Assert.DoesNotContain(Lines(), line => line.Contains("endpoint 'Admin'", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("GET", "/api/echo")] // no function lists this method
    [InlineData("PATCH", "/api/echo")]
    [InlineData("POST", "/echo")] // without the prefix
    [InlineData("POST", "/api/echo/a/b")]
    [InlineData("POST", "/api/ProcessMessage")] // a queue function
    [InlineData("POST", "/")]
    public async Task Unknown_path_or_method_receives_404(string method, string path)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), $"{path}?{Code}");
        using var response = await _http.SendAsync(request, Cancellation);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Empty(await response.Content.ReadAsByteArrayAsync(Cancellation));
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("PATCH")]
    public async Task Trigger_without_route_and_methods_is_called_by_its_name_with_any_method(string method)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), "api/WithoutRoute");
        using var response = await _http.SendAsync(request, Cancellation);

        Assert.Equal(method, await response.Content.ReadAsStringAsync(Cancellation));
    }

    [Fact]
    public async Task Function_that_throws_gives_500_with_an_empty_body_at_once()
    {
        using var response = await sample.PostAsync("api/fail");

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.Empty(await response.Content.ReadAsByteArrayAsync(Cancellation));
        // The worker's HTTP server alone would take 5 s.
        Assert.InRange(
            _app.Events.All<HttpInvocation>().First(call => call.Function == "Fail").Duration, TimeSpan.Zero,
            TimeSpan.FromSeconds(4));
    }

    [Fact]
    public async Task Body_of_6_MB_reaches_the_function()
    {
        var seen = await EchoAsync($"api/echo?{Code}", new string('a', 6_000_000));

        Assert.Equal("6000000 characters", (string?)seen["body"]);
    }

    [Fact]
    public async Task Request_with_Expect_100_continue_reaches_the_function()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"api/echo?{Code}") { Content = new StringContent("a body") };
        request.Headers.ExpectContinue = true;
        using var response = await _http.SendAsync(request, Cancellation);

        Assert.Equal("a body", (string?)(await JsonAsync(response))["body"]);
    }

    [Fact]
    public async Task Log_records_of_the_worker_are_reported_as_lines()
    {
        using var response = await sample.PostAsync("api/log");
        await Wait.ForAsync(
            "the last line", () => Lines().Contains("fail: SampleWorker.HttpFunctions: an error"), Cancellation);

        Assert.Contains("info: SampleWorker.HttpFunctions: a fact", Lines());
        Assert.Contains("in two lines", Lines());
        Assert.Contains("warn: SampleWorker.HttpFunctions: a warning", Lines());
        Assert.DoesNotContain(Lines(), line => line.Contains("a detail", StringComparison.Ordinal));
        await Wait.ForAsync("the output", () => Lines().Contains("a line of the output"), Cancellation);
    }

    [Fact]
    public async Task Exception_of_a_function_is_reported_with_its_stack()
    {
        using var response = await sample.PostAsync("api/fail");

        await Wait.ForAsync(
            "the stack", () => Lines().Any(line => line.Contains("at SampleWorker.HttpFunctions.Fail", StringComparison.Ordinal)),
            Cancellation);
        Assert.Contains(
            Lines(), line => line.EndsWith("InvalidOperationException: the function fails", StringComparison.Ordinal));
    }

    private List<string> Lines() => [.. _app.Events.All<WorkerWrote>().Select(wrote => wrote.Line)];

    private async Task<JsonNode> EchoAsync(string target, string body)
    {
        using var response = await sample.PostAsync(target, body);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await JsonAsync(response);
    }

    private static async Task<JsonNode> JsonAsync(HttpResponseMessage response) =>
        JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancellation))!;
}
