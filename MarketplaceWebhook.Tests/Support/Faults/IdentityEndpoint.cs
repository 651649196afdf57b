using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace MarketplaceWebhook.Tests.Support.Faults;

/// <summary>
/// The endpoint from which a managed identity gets its tokens, as on App Service and Functions, with a configurable response.
/// It is configured by environment variables of the process, so only one test uses it at a time.
/// Source: https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference
/// </summary>
public sealed class IdentityEndpoint : IAsyncDisposable
{
    private const string AddressVariable = "IDENTITY_ENDPOINT";
    private const string HeaderVariable = "IDENTITY_HEADER";
    private const string Header = "identity-header-of-a-test";

    private readonly WebApplication _app;
    private int _requests;

    private IdentityEndpoint(WebApplication app) => _app = app;

    /// <summary>Requests with the identity header.</summary>
    public int Requests => _requests;

    public static async Task<IdentityEndpoint> StartAsync(int status, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        var endpoint = new IdentityEndpoint(app);
        app.Run(context => endpoint.RespondAsync(context, status));
        await app.StartAsync(cancellationToken);
        Environment.SetEnvironmentVariable(AddressVariable, $"{app.Urls.Single()}/msi/token");
        Environment.SetEnvironmentVariable(HeaderVariable, Header);
        return endpoint;
    }

    public async ValueTask DisposeAsync()
    {
        Environment.SetEnvironmentVariable(AddressVariable, null);
        Environment.SetEnvironmentVariable(HeaderVariable, null);
        await _app.DisposeAsync();
    }

    private async Task RespondAsync(HttpContext context, int status)
    {
        if (context.Request.Headers["X-IDENTITY-HEADER"] == Header)
        {
            Interlocked.Increment(ref _requests);
        }

        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(
            $$"""{"statusCode":{{status}},"message":"The token service failed.","correlationId":"1"}""");
    }
}
