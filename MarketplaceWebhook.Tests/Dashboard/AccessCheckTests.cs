using System.Net;
using MarketplaceWebhook.Cli.Dashboard;
using MarketplaceWebhook.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace MarketplaceWebhook.Tests.Dashboard;

/// <summary>Requests as a foreign site, another user of the machine, or a tunnel could make them.</summary>
public sealed class AccessCheckTests(RunningDashboard running) : IClassFixture<RunningDashboard>, IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false });

    private string Origin => running.BaseAddress.GetLeftPart(UriPartial.Authority);

    public static TheoryData<string, string> Endpoints()
    {
        var page = new LocalDashboard(
            StorageSettings.FromConnectionString("UseDevelopmentStorage=true"), "key", Task.FromResult<string?>(null));
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
    public async Task No_endpoint_answers_without_the_token(string method, string path)
    {
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync(method, path, token: null));
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync(method, path, token: new string('0', 48)));
    }

    [Theory]
    [MemberData(nameof(Endpoints))]
    public async Task No_endpoint_answers_a_foreign_origin(string method, string path)
    {
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync(method, path, origin: "https://example.com"));
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync(method, path, origin: "http://127.0.0.1:1"));
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync(method, path, origin: "null"));
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync(method, path, origin: ""));
    }

    [Theory]
    [MemberData(nameof(Endpoints))]
    public async Task No_endpoint_answers_under_a_foreign_host(string method, string path)
    {
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync(method, path, host: $"example.com:{running.BaseAddress.Port}"));
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync(method, path, host: "127.0.0.1:1"));
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync(method, path, host: "127.0.0.1"));
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/assets/main.js")]
    public async Task The_page_itself_answers_under_a_loopback_host_only(string path)
    {
        Assert.Equal(HttpStatusCode.OK, await AskAsync("GET", path, token: null, origin: ""));
        Assert.Equal(HttpStatusCode.OK, await AskAsync("GET", path, token: null, origin: "", host: $"localhost:{running.BaseAddress.Port}"));
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync("GET", path, token: null, origin: "", host: $"example.com:{running.BaseAddress.Port}"));
    }

    [Fact]
    public async Task Nothing_answers_through_a_tunnel_that_rewrites_the_host()
    {
        using var request = Request("GET", "/");
        request.Headers.Add("X-Forwarded-For", "203.0.113.7");

        using var answer = await _http.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
    }

    [Fact]
    public async Task The_page_with_its_token_is_answered()
    {
        Assert.Equal(HttpStatusCode.OK, await AskAsync("GET", "/page/installs"));
        Assert.Equal(HttpStatusCode.OK, await AskAsync("GET", "/page/installs", origin: "", fetchSite: "same-origin"));
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync("GET", "/page/installs", origin: "", fetchSite: "cross-site"));
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync("POST", "/page/scenario", origin: "", fetchSite: "same-origin"));
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/assets/page.css")]
    [InlineData("/page/installs")]
    public async Task Every_answer_forbids_what_the_page_does_not_need(string path)
    {
        using var answer = await _http.SendAsync(Request("GET", path), TestContext.Current.CancellationToken);

        Assert.Equal(
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
            + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            answer.Headers.GetValues("Content-Security-Policy").Single());
        Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Equal("no-referrer", answer.Headers.GetValues("Referrer-Policy").Single());
        Assert.Equal("no-store", answer.Headers.CacheControl?.ToString());
    }

    [Theory]
    [InlineData("/assets/..%2fBodies%2finstalled.json")]
    [InlineData("/assets/Bodies/installed.json")]
    [InlineData("/assets/nothing.js")]
    [InlineData("/page")]
    [InlineData("/index.html")]
    public async Task No_other_path_gives_anything(string path) =>
        Assert.Equal(HttpStatusCode.NotFound, await AskAsync("GET", path));

    [Fact]
    public async Task The_functions_answer_as_without_the_page()
    {
        const string Body = """{"Status":"started","AccountId":"00000000-0000-0000-0000-000000000000","MarketplaceIntegrationPackageId":1}""";
        var path = $"/api/cyclr/marketplace?code={Uri.EscapeDataString(RunningDashboard.Key)}";

        Assert.Equal(HttpStatusCode.Accepted, await AskAsync("POST", path, token: null, origin: "https://example.com", host: "example.com", body: Body));
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync("POST", "/api/cyclr/marketplace", body: Body));
        Assert.Equal(HttpStatusCode.NotFound, await AskAsync("DELETE", path));
        Assert.Equal(HttpStatusCode.NotFound, await AskAsync("POST", "/"));
    }

    public void Dispose() => _http.Dispose();

    private async Task<HttpStatusCode> AskAsync(
        string method, string path, string? token = "", string? origin = null, string? host = null, string? fetchSite = null, string body = "")
    {
        using var request = Request(method, path, token, origin, host, fetchSite);
        if (method == "POST")
        {
            request.Content = new StringContent(body);
        }

        using var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        return answer.StatusCode;
    }

    /// <param name="token">Empty: the right one; null: none.</param>
    /// <param name="origin">Null: the page's own; empty: none.</param>
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
