using System.Net;
using MarketplaceWebhook.EndToEndTests.LocalHost.Fakes;

namespace MarketplaceWebhook.EndToEndTests.LocalHost;

/// <summary>Which requests reach a function: by key, origin, method and path.</summary>
public sealed class HttpAccessTests() : RunningApp<FakeApp>(HttpFunctionTests.NewApp())
{
    [Theory]
    [InlineData("", null)]
    [InlineData("?code=", null)]
    [InlineData("?code=wrong", null)]
    [InlineData("?code=A%20KEY%2F%2B", null)]
    [InlineData("", "wrong")]
    [InlineData($"?{HttpFunctionTests.Code}", "wrong")] // the header wins
    public async Task Missing_or_wrong_key_receives_401_with_an_empty_body(string query, string? header)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "api/cyclr/marketplace" + query);
        if (header is not null)
        {
            request.Headers.Add("x-functions-key", header);
        }

        using var response = await Http.SendAsync(request, Cancellation);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Empty(await response.Content.ReadAsByteArrayAsync(Cancellation));
        Assert.Empty(App.Requests);
    }

    [Theory]
    [InlineData(null, HttpStatusCode.OK)]
    [InlineData("none", HttpStatusCode.OK)]
    [InlineData("same-origin", HttpStatusCode.OK)]
    [InlineData("same-site", HttpStatusCode.Forbidden)]
    [InlineData("cross-site", HttpStatusCode.Forbidden)]
    public async Task Request_that_a_page_of_another_origin_sends_receives_403(string? fetchSite, HttpStatusCode expected)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"api/cyclr/marketplace?{HttpFunctionTests.Code}");
        if (fetchSite is not null)
        {
            request.Headers.Add("Sec-Fetch-Site", fetchSite);
        }

        using var response = await Http.SendAsync(request, Cancellation);

        Assert.Equal(expected, response.StatusCode);
        Assert.Equal(expected == HttpStatusCode.OK ? 1 : 0, App.Requests.Count);
    }

    [Fact]
    public async Task Anonymous_function_needs_no_key_and_an_admin_function_does()
    {
        using var anonymous = await Http.GetAsync("api/health", Cancellation);
        using var admin = await PostAsync("api/rule", "{}");
        using var adminWithKey = await PostAsync($"api/rule?{HttpFunctionTests.Code}", "{}");

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
        using var request = new HttpRequestMessage(new HttpMethod(method), $"{path}?{HttpFunctionTests.Code}");
        using var response = await Http.SendAsync(request, Cancellation);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Empty(await response.Content.ReadAsByteArrayAsync(Cancellation));
        Assert.Empty(App.Requests);
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
        using var caller = await RawConnection.OpenAsync(Host.BaseAddress);

        await caller.SendAsync(
            $"POST {target} HTTP/1.1\r\nHost: h\r\nx-functions-key: a key/+\r\n"
            + "Content-Length: 2\r\nConnection: close\r\n\r\n{}");
        var response = await caller.ReadToEndAsync();

        Assert.Matches("^HTTP/1.1 (200|400|404|405) ", response);
        Assert.All(App.Requests, seen => Assert.StartsWith(
            "/api/cyclr/marketplace", new Uri(new Uri("http://handler"), seen.Url).AbsolutePath, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Request_with_an_absolute_target_is_forwarded_by_its_path_only()
    {
        using var caller = await RawConnection.OpenAsync(Host.BaseAddress);

        await caller.SendAsync(
            $"POST http://elsewhere.example/api/cyclr/marketplace?{HttpFunctionTests.Code} HTTP/1.1\r\nHost: elsewhere.example\r\n"
            + "Content-Length: 0\r\nConnection: close\r\n\r\n");
        var response = await caller.ReadToEndAsync();

        Assert.StartsWith("HTTP/1.1 200", response, StringComparison.Ordinal);
        Assert.Equal($"/api/cyclr/marketplace?{HttpFunctionTests.Code}", Assert.Single(App.Requests).Url);
    }
}
