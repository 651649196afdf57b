using System.Net;
using MarketplaceWebhook.Cli.Dashboard;
using Microsoft.AspNetCore.Http;

namespace MarketplaceWebhook.EndToEndTests.Dashboard;

/// <summary>The page under the one name that `dev --dashboard-url` allows, such as that of a container's port.</summary>
public sealed class ForwardedAccessTests
{
    private const string Name = "name-7071.app.github.dev";

    private readonly AccessCheck _access = new(new Uri($"https://{Name}"));

    /// <summary>Dev tunnels replace Host and Origin with localhost.</summary>
    [Theory]
    [InlineData(Name, null, $"https://{Name}")]
    [InlineData($"{Name}:443", null, null)]
    [InlineData("localhost", Name, "http://localhost")]
    [InlineData("localhost:7071", "NAME-7071.app.github.dev:443", $"https://{Name}")]
    public async Task Allowed_name_opens_the_page_with_its_token(string host, string? forwardedHost, string? origin)
    {
        Assert.True(await IsAllowedAsync(host, forwardedHost, origin));
        Assert.False(await IsAllowedAsync(host, forwardedHost, origin, fetchSite: "cross-site"));
        Assert.False(await IsAllowedAsync(host, forwardedHost, origin, token: ""));
        Assert.False(await IsAllowedAsync(host, forwardedHost, origin, token: new string('0', 48)));
        Assert.False(await IsAllowedAsync(host, forwardedHost, origin, remote: "203.0.113.7"));
    }

    [Theory]
    [InlineData("other.example.com", null)]
    [InlineData("localhost", "other.example.com")]
    [InlineData(Name, "other.example.com")]
    [InlineData($"{Name}:7071", null)]
    [InlineData("localhost", $"other.example.com, {Name}")]
    public async Task Other_names_stay_forbidden(string host, string? forwardedHost) =>
        Assert.False(await IsAllowedAsync(host, forwardedHost, $"https://{Name}"));

    [Fact]
    public async Task Forwarded_name_is_forbidden_without_the_option() =>
        Assert.False(await IsAllowedAsync(Name, null, $"https://{Name}", access: new AccessCheck()));

    [Fact]
    public async Task Port_that_is_forwarded_to_another_one_of_the_same_name_is_allowed()
    {
        var access = new AccessCheck(new Uri("http://localhost:7072"));

        Assert.True(await IsAllowedAsync("localhost:7072", null, "http://localhost:7072", access: access));
        Assert.True(await IsAllowedAsync("localhost:7071", null, "http://localhost:7071", access: access));
        Assert.False(await IsAllowedAsync("localhost:7073", null, "http://localhost:7073", access: access));
    }

    private async Task<bool> IsAllowedAsync(
        string host, string? forwardedHost, string? origin, string fetchSite = "same-origin", string? token = null,
        string remote = "127.0.0.1", AccessCheck? access = null)
    {
        var check = access ?? _access;
        var context = new DefaultHttpContext
        {
            Connection = { RemoteIpAddress = IPAddress.Parse(remote), LocalPort = 7071 },
            Request = { Method = HttpMethods.Post, Scheme = "http", Host = new HostString(host) },
        };
        var headers = context.Request.Headers;
        headers.Origin = origin;
        headers["Sec-Fetch-Site"] = fetchSite;
        headers[AccessCheck.TokenHeader] = token ?? check.Token;
        if (forwardedHost is not null)
        {
            headers["X-Forwarded-Host"] = forwardedHost;
            headers["X-Forwarded-Proto"] = "https";
        }

        var result = await check.OnThisMachineAsync(
            EndpointFilterInvocationContext.Create(context),
            invocation => check.FromThePageAsync(invocation, _ => ValueTask.FromResult<object?>(this)));
        return result == this;
    }
}
