using System.Net;
using System.Text.Json.Nodes;
using MarketplaceWebhook.EndToEndTests.LocalHost.Fakes;
using MarketplaceWebhook.LocalHost;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.EndToEndTests.LocalHost;

/// <summary>How requests reach a handler and its responses the caller.</summary>
public sealed class HttpFunctionTests() : RunningApp<FakeApp>(NewApp())
{
    public const string Code = "code=a%20key%2F%2B";

    [Fact]
    public async Task Method_path_query_and_body_reach_the_handler_unchanged()
    {
        await PostAsync($"api/Cyclr/marketplace/Acme/?x=1&y=a%20b&{Code}", "{\"a\": 1 }");

        var seen = Assert.Single(App.Requests);
        Assert.Equal("POST", seen.Method);
        Assert.Equal($"/api/Cyclr/marketplace/Acme/?x=1&y=a%20b&{Code}", seen.Url);
        Assert.Equal("{\"a\": 1 }", seen.Body);
    }

    [Fact]
    public async Task Host_adds_the_invocation_id_its_version_and_its_name()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"api/cyclr/marketplace?{Code}");
        request.Headers.Add("User-Agent", "curl/7.88.1");
        request.Headers.Add("X-Azure-Functions-InvocationId", "of the caller");
        await Http.SendAsync(request, Cancellation);

        var seen = Assert.Single(App.Requests);
        Assert.True(Guid.TryParse(seen.Header("X-Azure-Functions-InvocationId"), out _));
        Assert.Equal("4.1037.0.0", seen.Header("X-Azure-Functions-HostVersion"));
        Assert.Equal("curl/7.88.1 Azure-Functions-Host/4.1037.0.0", seen.Header("User-Agent"));
    }

    [Fact]
    public async Task Key_of_the_caller_reaches_the_handler()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "api/cyclr/marketplace");
        request.Headers.Add("x-functions-key", "a key/+");
        using var response = await Http.SendAsync(request, Cancellation);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("a key/+", Assert.Single(App.Requests).Header("x-functions-key"));
    }

    [Theory]
    [InlineData(202, "{\"notificationId\":\"1\"}", "application/json")]
    [InlineData(302, "", null)]
    [InlineData(400, "{ }", "application/problem+json")]
    [InlineData(418, "tea", "text/plain; charset=utf-8")]
    [InlineData(503, "later", "text/plain")]
    public async Task Caller_receives_status_headers_and_body_unchanged(int status, string body, string? contentType)
    {
        App.Respond(status, body, contentType, ("Retry-After", "10"), ("Location", "/elsewhere"), ("Server", "handler"));

        using var response = await PostAsync($"api/cyclr/marketplace?{Code}", "{}");

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(body, await response.Content.ReadAsStringAsync(Cancellation));
        Assert.Equal(contentType, response.Content.Headers.ContentType?.ToString());
        Assert.Equal("10", Assert.Single(response.Headers.GetValues("Retry-After")));
        Assert.Equal("/elsewhere", response.Headers.Location?.ToString());
        Assert.Equal("handler", Assert.Single(response.Headers.GetValues("Server")));
    }

    [Fact]
    public async Task Handler_that_drops_the_connection_gives_500_with_an_empty_body()
    {
        App.Respond(new JsonObject { ["drop"] = true });

        using var response = await PostAsync($"api/cyclr/marketplace?{Code}", "{}");

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.Empty(await response.Content.ReadAsByteArrayAsync(Cancellation));
    }

    [Fact]
    public async Task Chunked_body_streams_to_the_handler_and_its_response_streams_back()
    {
        App.Respond(new JsonObject { ["stream"] = true });
        var target = new Uri(Host.BaseAddress, $"api/cyclr/marketplace?{Code}");
        using var caller = await RawConnection.OpenAsync(target);

        // More than a client's write buffer.
        await caller.SendAsync(
            $"POST {target.PathAndQuery} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
            + $"10000\r\n{new string('a', 0x10000)}\r\n");
        await Wait.ForAsync("the beginning", () => App.Has("began"), Cancellation);
        await caller.SendAsync("0\r\n\r\n");
        var first = await caller.ReadUntilAsync("first");
        App.Release();
        var second = await caller.ReadUntilAsync("second");

        Assert.StartsWith("HTTP/1.1 200", first, StringComparison.Ordinal);
        Assert.DoesNotContain("first", second, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Caller_that_sends_the_whole_body_and_disconnects_at_once_is_forwarded()
    {
        const int Callers = 10;
        var body = new string('a', 5_000);
        foreach (var _ in Enumerable.Range(0, Callers))
        {
            using var caller = await RawConnection.OpenAsync(Host.BaseAddress);
            await caller.SendAsync(
                $"POST /api/cyclr/marketplace?{Code} HTTP/1.1\r\nHost: h\r\nContent-Length: {body.Length}\r\n\r\n{body}");
        }

        var seen = await App.RequestsAsync(Callers);

        Assert.All(seen, request => Assert.Equal(body, request.Body));
    }

    [Fact]
    public async Task Caller_that_disconnects_before_its_body_is_complete_is_not_forwarded()
    {
        using (var caller = await RawConnection.OpenAsync(Host.BaseAddress))
        {
            await caller.SendAsync(
                $"POST /api/cyclr/marketplace?{Code} HTTP/1.1\r\nHost: h\r\nContent-Length: 5000\r\n\r\n{new string('a', 4_999)}");
        }

        await App.Events.FirstAsync<HttpInvocation>();

        Assert.Empty(App.Requests);
    }

    [Fact]
    public async Task Header_outside_ASCII_receives_500_and_the_reason_is_reported()
    {
        using var caller = await RawConnection.OpenAsync(Host.BaseAddress);

        // The two bytes of an ü in UTF-8.
        await caller.SendAsync(
            $"POST /api/cyclr/marketplace?{Code} HTTP/1.1\r\nHost: h\r\nX-Name: \u00C3\u00BC\r\nContent-Length: 2\r\n"
            + "Connection: close\r\n\r\n{}");
        var response = await caller.ReadToEndAsync();

        Assert.StartsWith("HTTP/1.1 500 ", response, StringComparison.Ordinal);
        Assert.Equal(
            "the header X-Name has a character outside ASCII; the Functions host responds with 500 as well",
            (await App.Events.FirstAsync<RequestNotForwarded>()).Reason);
    }

    [Fact]
    public async Task Chunked_body_without_proxying_receives_500()
    {
        using var other = new FakeApp();
        other.WithHttp("Orders", "orders", authLevel: "anonymous").With(
            settings => settings["customHandler"]!["enableProxyingHttpRequest"] = false);
        await using var withoutProxying = await other.StartAsync();
        using var chunked = new HttpRequestMessage(HttpMethod.Post, new Uri(withoutProxying.BaseAddress, "api/orders"));
        chunked.Content = new StringContent("{}");
        chunked.Headers.TransferEncodingChunked = true;

        using var rejected = await Http.SendAsync(chunked, Cancellation);
        using var accepted = await Http.PostAsync(
            chunked.RequestUri, new StringContent("{}"), Cancellation);

        Assert.Equal(HttpStatusCode.InternalServerError, rejected.StatusCode);
        Assert.Equal(HttpStatusCode.OK, accepted.StatusCode);
    }

    [Fact]
    public async Task Call_is_reported_with_function_status_and_response_and_without_its_query()
    {
        App.Respond(202, """{"notificationId":"7"}""");

        await PostAsync($"api/cyclr/marketplace?{Code}", "{}");

        var seen = await App.Events.FirstAsync<HttpInvocation>();
        Assert.Equal(("Orders", "/api/cyclr/marketplace", 202, """{"notificationId":"7"}"""),
            (seen.Function, seen.Path, seen.Status, seen.Response));
    }

    [Fact]
    public void Url_of_a_function_omits_optional_route_values() => Assert.Equal(
        new Uri(Host.BaseAddress, "api/cyclr/marketplace"),
        Host.UrlOf(Host.HttpFunctions.Single(function => function.Name == "Orders")));

    internal static FakeApp NewApp() => new FakeApp()
        .WithHttp("Orders", "cyclr/marketplace/{source?}")
        .WithHttp("Health", "health", "get", "anonymous")
        .WithHttp("Rule", "rule", "post", "admin");
}
