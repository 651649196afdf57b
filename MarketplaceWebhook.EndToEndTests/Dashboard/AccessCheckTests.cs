using System.Net;
using MarketplaceWebhook.Cli.Dashboard;
using MarketplaceWebhook.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace MarketplaceWebhook.EndToEndTests.Dashboard;

/// <summary>Requests that a foreign site, another user of the machine, or a tunnel could send.</summary>
public sealed class AccessCheckTests(RunningDashboard running) : IClassFixture<RunningDashboard>, IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false });

    private string Origin => running.BaseAddress.GetLeftPart(UriPartial.Authority);

    public static TheoryData<string, string> Endpoints()
    {
        var page = new LocalDashboard(
            new AppSettings { Storage = StorageSettings.FromConnectionString("UseDevelopmentStorage=true") },
            "key",
            Task.FromResult<string?>(null));
        IEndpointRouteBuilder routes = WebApplication.CreateSlimBuilder().Build();
        page.Map(routes);
        var data = new TheoryData<string, string>();
        foreach (var endpoint in routes.DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>())
        {
            var path = endpoint.RoutePattern.RawText!
                .Replace("{accountId:guid}", Guid.Empty.ToString(), StringComparison.Ordinal)
                .Replace("{kind}", DeadLetter.Failed, StringComparison.Ordinal)
                .Replace("{id}", "01a209ac-276d-7000-ba77-7aaae8c8c49f", StringComparison.Ordinal);
            if (path.StartsWith("/page", StringComparison.Ordinal))
            {
                data.Add(endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods[0], path);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Endpoints))]
    public async Task Endpoint_rejects_requests_without_the_token(string method, string path)
    {
        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(method, path, token: null));
        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(method, path, token: new string('0', 48)));
    }

    [Theory]
    [MemberData(nameof(Endpoints))]
    public async Task Endpoint_rejects_a_foreign_origin(string method, string path)
    {
        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(method, path, origin: "https://example.com"));
        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(method, path, origin: "http://127.0.0.1:1"));
        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(method, path, origin: "null"));
        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(method, path, origin: ""));
    }

    [Theory]
    [MemberData(nameof(Endpoints))]
    public async Task Endpoint_rejects_a_foreign_host_name(string method, string path)
    {
        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(method, path, host: $"example.com:{running.BaseAddress.Port}"));
        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(method, path, host: "127.0.0.1:1"));
        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(method, path, host: "127.0.0.1"));
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/assets/main.js")]
    public async Task Page_is_served_for_loopback_host_names_only(string path)
    {
        Assert.Equal(HttpStatusCode.OK, await SendAsync("GET", path, token: null, origin: ""));
        Assert.Equal(
            HttpStatusCode.OK,
            await SendAsync("GET", path, token: null, origin: "", host: $"localhost:{running.BaseAddress.Port}"));
        Assert.Equal(
            HttpStatusCode.Forbidden,
            await SendAsync("GET", path, token: null, origin: "", host: $"example.com:{running.BaseAddress.Port}"));
    }

    [Fact]
    public async Task Page_rejects_requests_forwarded_by_a_tunnel()
    {
        using var request = Request("GET", "/");
        request.Headers.Add("X-Forwarded-For", "203.0.113.7");

        using var response = await _http.SendAsync(request, Cancellation);

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
    }

    [Fact]
    public async Task Endpoint_accepts_the_page_with_its_token()
    {
        Assert.Equal(HttpStatusCode.OK, await SendAsync("GET", "/page/installs"));
        Assert.Equal(HttpStatusCode.OK, await SendAsync("GET", "/page/installs", origin: "", fetchSite: "same-origin"));
        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync("GET", "/page/installs", origin: "", fetchSite: "cross-site"));
        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync("POST", "/page/scenario", origin: "", fetchSite: "same-origin"));
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/assets/page.css")]
    [InlineData("/page/installs")]
    public async Task Responses_have_restrictive_security_headers(string path)
    {
        using var response = await _http.SendAsync(Request("GET", path), Cancellation);

        Assert.Equal(
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
            + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            response.Headers.GetValues("Content-Security-Policy").Single());
        Assert.Equal("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Equal("no-referrer", response.Headers.GetValues("Referrer-Policy").Single());
        Assert.Equal("no-store", response.Headers.CacheControl?.ToString());
    }

    [Theory]
    [InlineData("/assets/..%2fBodies%2finstalled.json")]
    [InlineData("/assets/Bodies/installed.json")]
    [InlineData("/assets/nothing.js")]
    [InlineData("/page")]
    [InlineData("/index.html")]
    public async Task Other_paths_return_404(string path) =>
        Assert.Equal(HttpStatusCode.NotFound, await SendAsync("GET", path));

    [Fact]
    public async Task Functions_respond_as_without_the_dashboard()
    {
        const string Body =
            """{"Status":"started","AccountId":"00000000-0000-0000-0000-000000000000","MarketplaceIntegrationPackageId":1}""";
        var path = $"/api/cyclr/marketplace?code={Uri.EscapeDataString(RunningDashboard.Key)}";

        Assert.Equal(
            HttpStatusCode.Accepted,
            await SendAsync("POST", path, token: null, origin: "https://example.com", host: "example.com", body: Body));
        Assert.Equal(HttpStatusCode.Unauthorized, await SendAsync("POST", "/api/cyclr/marketplace", body: Body));
        Assert.Equal(HttpStatusCode.NotFound, await SendAsync("DELETE", path));
        Assert.Equal(HttpStatusCode.NotFound, await SendAsync("POST", "/"));
    }

    public void Dispose() => _http.Dispose();

    private async Task<HttpStatusCode> SendAsync(
        string method, string path, string? token = "", string? origin = null, string? host = null,
        string? fetchSite = null, string body = "")
    {
        using var request = Request(method, path, token, origin, host, fetchSite);
        if (method == "POST")
        {
            request.Content = new StringContent(body);
        }

        using var response = await _http.SendAsync(
            request, HttpCompletionOption.ResponseHeadersRead, Cancellation);
        return response.StatusCode;
    }

    /// <param name="token">Empty: the valid token; null: no token.</param>
    /// <param name="origin">Null: the page's origin; empty: no origin.</param>
    private HttpRequestMessage Request(
        string method, string path, string? token = "", string? origin = null, string? host = null, string? fetchSite = null)
    {
        var request = new HttpRequestMessage(new HttpMethod(method), new Uri(running.BaseAddress, path));
        request.Headers.Host = host;
        if (origin != "")
        {
            request.Headers.Add("Origin", origin ?? Origin);
        }

        if (token is not null)
        {
            request.Headers.Add("X-Page-Token", token is "" ? running.Token : token);
        }

        if (fetchSite is not null)
        {
            request.Headers.Add("Sec-Fetch-Site", fetchSite);
        }

        return request;
    }
}
