using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using MarketplaceWebhook.EndToEndTests.LocalHost.Fakes;
using MarketplaceWebhook.LocalHost;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.EndToEndTests.LocalHost;

public sealed class HttpFunctionTests : IAsyncLifetime
{
    private const string Code = "code=a%20key%2F%2B";

    private readonly FakeApp _app = new FakeApp()
        .WithHttp("Orders", "cyclr/marketplace/{source?}")
        .WithHttp("Health", "health", "get", "anonymous")
        .WithHttp("Rule", "rule", "post", "admin");

    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false });
    private LocalFunctionsHost _host = null!;

    public async ValueTask InitializeAsync()
    {
        _host = await _app.StartAsync();
        _http.BaseAddress = _host.BaseAddress;
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _host.DisposeAsync();
        _app.Dispose();
    }

    [Fact]
    public async Task Method_path_query_and_body_reach_the_handler_unchanged()
    {
        await PostAsync($"api/Cyclr/marketplace/Acme/?x=1&y=a%20b&{Code}", "{\"a\": 1 }");

        var seen = Assert.Single(_app.Requests);
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
        await _http.SendAsync(request, Cancellation);

        var seen = Assert.Single(_app.Requests);
        Assert.True(Guid.TryParse(seen.Header("X-Azure-Functions-InvocationId"), out _));
        Assert.Equal("4.1037.0.0", seen.Header("X-Azure-Functions-HostVersion"));
        Assert.Equal("curl/7.88.1 Azure-Functions-Host/4.1037.0.0", seen.Header("User-Agent"));
    }

    [Fact]
    public async Task Key_of_the_caller_reaches_the_handler()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "api/cyclr/marketplace");
        request.Headers.Add("x-functions-key", "a key/+");
        using var response = await _http.SendAsync(request, Cancellation);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("a key/+", Assert.Single(_app.Requests).Header("x-functions-key"));
    }

    [Theory]
    [InlineData(202, "{\"notificationId\":\"1\"}", "application/json")]
    [InlineData(302, "", null)]
    [InlineData(400, "{ }", "application/problem+json")]
    [InlineData(418, "tea", "text/plain; charset=utf-8")]
    [InlineData(503, "later", "text/plain")]
    public async Task Caller_receives_status_headers_and_body_unchanged(int status, string body, string? contentType)
    {
        _app.Respond(status, body, contentType, ("Retry-After", "10"), ("Location", "/elsewhere"), ("Server", "handler"));

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
        _app.Respond(new JsonObject { ["drop"] = true });

        using var response = await PostAsync($"api/cyclr/marketplace?{Code}", "{}");

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.Empty(await response.Content.ReadAsByteArrayAsync(Cancellation));
    }

    [Fact]
    public async Task Chunked_body_streams_to_the_handler_and_its_response_streams_back()
    {
        _app.Respond(new JsonObject { ["stream"] = true });
        var target = new Uri(_host.BaseAddress, $"api/cyclr/marketplace?{Code}");
        using var caller = await RawConnection.OpenAsync(target);

        // More than a client's write buffer.
        await caller.SendAsync(
            $"POST {target.PathAndQuery} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
            + $"10000\r\n{new string('a', 0x10000)}\r\n");
        await Wait.ForAsync("the beginning", () => _app.IsMarked("began"), Cancellation);
        await caller.SendAsync("0\r\n\r\n");
        var first = await caller.ReadUntilAsync("first");
        _app.Release();
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
            using var caller = await RawConnection.OpenAsync(_host.BaseAddress);
            await caller.SendAsync(
                $"POST /api/cyclr/marketplace?{Code} HTTP/1.1\r\nHost: h\r\nContent-Length: {body.Length}\r\n\r\n{body}");
        }

        var seen = await _app.RequestsAsync(Callers);

        Assert.All(seen, request => Assert.Equal(body, request.Body));
    }

    [Fact]
    public async Task Caller_that_disconnects_before_its_body_is_complete_is_not_forwarded()
    {
        using (var caller = await RawConnection.OpenAsync(_host.BaseAddress))
        {
            await caller.SendAsync(
                $"POST /api/cyclr/marketplace?{Code} HTTP/1.1\r\nHost: h\r\nContent-Length: 5000\r\n\r\n{new string('a', 4_999)}");
        }

        await _app.Events.FirstAsync<HttpInvocation>();

        Assert.Empty(_app.Requests);
    }

    [Fact]
    public async Task Header_outside_ASCII_receives_500_and_the_reason_is_reported()
    {
        using var caller = await RawConnection.OpenAsync(_host.BaseAddress);

        // The two bytes of an ü in UTF-8.
        await caller.SendAsync(
            $"POST /api/cyclr/marketplace?{Code} HTTP/1.1\r\nHost: h\r\nX-Name: \u00C3\u00BC\r\nContent-Length: 2\r\n"
            + "Connection: close\r\n\r\n{}");
        var response = await caller.ReadToEndAsync();

        Assert.StartsWith("HTTP/1.1 500 ", response, StringComparison.Ordinal);
        Assert.Equal(
            "the header X-Name has a character outside ASCII; the Functions host responds with 500 as well",
            (await _app.Events.FirstAsync<RequestNotForwarded>()).Reason);
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

        using var rejected = await _http.SendAsync(chunked, Cancellation);
        using var accepted = await _http.PostAsync(
            chunked.RequestUri, new StringContent("{}"), Cancellation);

        Assert.Equal(HttpStatusCode.InternalServerError, rejected.StatusCode);
        Assert.Equal(HttpStatusCode.OK, accepted.StatusCode);
    }

    [Theory]
    [InlineData("", null)]
    [InlineData("?code=", null)]
    [InlineData("?code=wrong", null)]
    [InlineData("?code=A%20KEY%2F%2B", null)]
    [InlineData("", "wrong")]
    [InlineData($"?{Code}", "wrong")] // the header wins
    public async Task Missing_or_wrong_key_receives_401_with_an_empty_body(string query, string? header)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "api/cyclr/marketplace" + query);
        if (header is not null)
        {
            request.Headers.Add("x-functions-key", header);
        }

        using var response = await _http.SendAsync(request, Cancellation);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Empty(await response.Content.ReadAsByteArrayAsync(Cancellation));
        Assert.Empty(_app.Requests);
    }

    [Theory]
    [InlineData(null, HttpStatusCode.OK)]
    [InlineData("none", HttpStatusCode.OK)]
    [InlineData("same-origin", HttpStatusCode.OK)]
    [InlineData("same-site", HttpStatusCode.Forbidden)]
    [InlineData("cross-site", HttpStatusCode.Forbidden)]
    public async Task Request_that_a_page_of_another_origin_sends_receives_403(string? fetchSite, HttpStatusCode expected)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"api/cyclr/marketplace?{Code}");
        if (fetchSite is not null)
        {
            request.Headers.Add("Sec-Fetch-Site", fetchSite);
        }

        using var response = await _http.SendAsync(request, Cancellation);

        Assert.Equal(expected, response.StatusCode);
        Assert.Equal(expected == HttpStatusCode.OK ? 1 : 0, _app.Requests.Count);
    }

    [Fact]
    public async Task Anonymous_function_needs_no_key_and_an_admin_function_does()
    {
        using var anonymous = await _http.GetAsync("api/health", Cancellation);
        using var admin = await PostAsync("api/rule", "{}");
        using var adminWithKey = await PostAsync($"api/rule?{Code}", "{}");

        Assert.Equal(HttpStatusCode.OK, anonymous.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, admin.StatusCode);
        Assert.Equal(HttpStatusCode.OK, adminWithKey.StatusCode);
    }

    [Theory]
    [InlineData("GET", "/api/cyclr/marketplace")] // not listed in function.json
    [InlineData("PUT", "/api/cyclr/marketplace")]
    [InlineData("POST", "/api/health")]
    [InlineData("HEAD", "/api/health")]
    [InlineData("POST", "/cyclr/marketplace")] // without the prefix
    [InlineData("GET", "/health")]
    [InlineData("GET", "/")]
    [InlineData("POST", "/Orders")]
    [InlineData("POST", "/api/cyclr/marketplace/a/b")]
    public async Task Unknown_method_or_path_receives_404(string method, string path)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), $"{path}?{Code}");
        using var response = await _http.SendAsync(request, Cancellation);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Empty(await response.Content.ReadAsByteArrayAsync(Cancellation));
        Assert.Empty(_app.Requests);
    }

    [Theory]
    [InlineData("/api/cyclr/marketplace/..%2f..%2f..%2fProjectNotification")]
    [InlineData("/api/cyclr/marketplace/..%2F..%2F..%2FProjectNotification")]
    [InlineData("/api/cyclr/marketplace/%2e%2e/%2e%2e/%2e%2e/ProjectNotification")]
    [InlineData("/api/cyclr/marketplace/%252e%252e")]
    [InlineData("/api/cyclr/marketplace/%252e%252e%252f%252e%252e%252f%252e%252e%252fProjectNotification")]
    [InlineData("/api/cyclr/marketplace/../../../ProjectNotification")]
    [InlineData(@"/api/cyclr/marketplace/..\..\..\ProjectNotification")]
    [InlineData("/api/cyclr/marketplace/..%5c..%5c..%5cProjectNotification")]
    [InlineData("/api/cyclr/marketplace/..;/..;/..;/ProjectNotification")]
    [InlineData("//ProjectNotification")]
    [InlineData("/api/cyclr/marketplace//../../../ProjectNotification")]
    [InlineData("http://127.0.0.1/ProjectNotification")]
    [InlineData("http://127.0.0.1/api/cyclr/marketplace/..%2f..%2f..%2fProjectNotification")]
    [InlineData("http://other@127.0.0.1/api/cyclr/marketplace/../../../ProjectNotification")]
    [InlineData("/api/cyclr/marketplace#/../../../ProjectNotification")]
    [InlineData("/api/cyclr/marketplace/?/../../../../ProjectNotification")]
    [InlineData("/ProjectNotification")]
    [InlineData("/%50rojectNotification")]
    [InlineData("ProjectNotification")]
    [InlineData("*")]
    public async Task No_spelling_of_a_path_reaches_another_endpoint_of_the_handler(string target)
    {
        using var caller = await RawConnection.OpenAsync(_host.BaseAddress);

        await caller.SendAsync(
            $"POST {target} HTTP/1.1\r\nHost: h\r\nx-functions-key: a key/+\r\n"
            + "Content-Length: 2\r\nConnection: close\r\n\r\n{}");
        var response = await caller.ReadToEndAsync();

        Assert.Matches("^HTTP/1.1 (200|400|404|405) ", response);
        Assert.All(_app.Requests, seen => Assert.StartsWith(
            "/api/cyclr/marketplace", new Uri(new Uri("http://handler"), seen.Url).AbsolutePath, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Request_with_an_absolute_target_is_forwarded_by_its_path_only()
    {
        using var caller = await RawConnection.OpenAsync(_host.BaseAddress);

        await caller.SendAsync(
            $"POST http://elsewhere.example/api/cyclr/marketplace?{Code} HTTP/1.1\r\nHost: elsewhere.example\r\n"
            + "Content-Length: 0\r\nConnection: close\r\n\r\n");
        var response = await caller.ReadToEndAsync();

        Assert.StartsWith("HTTP/1.1 200", response, StringComparison.Ordinal);
        Assert.Equal($"/api/cyclr/marketplace?{Code}", Assert.Single(_app.Requests).Url);
    }

    [Fact]
    public async Task Call_is_reported_with_function_status_and_response_and_without_its_query()
    {
        _app.Respond(202, """{"notificationId":"7"}""");

        await PostAsync($"api/cyclr/marketplace?{Code}", "{}");

        var seen = await _app.Events.FirstAsync<HttpInvocation>();
        Assert.Equal(("Orders", "/api/cyclr/marketplace", 202, """{"notificationId":"7"}"""),
            (seen.Function, seen.Path, seen.Status, seen.Response));
    }

    [Fact]
    public void Url_of_a_function_omits_optional_route_values() => Assert.Equal(
        new Uri(_host.BaseAddress, "api/cyclr/marketplace"),
        _host.UrlOf(_host.HttpFunctions.Single(function => function.Name == "Orders")));

    private Task<HttpResponseMessage> PostAsync(string target, string body) =>
        _http.PostAsync(
            new Uri(target, UriKind.Relative),
            new StringContent(body, Encoding.UTF8, "application/json"),
            Cancellation);
}
