using System.Net;
using MarketplaceWebhook.LocalHost;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace MarketplaceWebhook.Cli.Dashboard;

/// <summary>Serves the page on 127.0.0.1 without a Functions host.</summary>
internal sealed class PageServer : IAsyncDisposable
{
    private readonly WebApplication _web;

    private PageServer(WebApplication web) => _web = web;

    public Uri BaseAddress => new(_web.Urls.Single());

    /// <param name="port">0 selects a free one.</param>
    /// <exception cref="LocalHostException">The port is taken.</exception>
    public static async Task<PageServer> StartAsync(
        int port, Action<IEndpointRouteBuilder> map, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        ((IWebHostBuilder)builder.WebHost).UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(IPAddress.Loopback, port);
        });
        builder.Services.AddRouting();
        var server = new PageServer(builder.Build());
        map(server._web);
        try
        {
            await server._web.StartAsync(cancellationToken);
            return server;
        }
        catch (IOException exception) when (exception.InnerException is AddressInUseException)
        {
            await server.DisposeAsync();
            throw LocalFunctionsHost.PortTaken(port, exception);
        }
    }

    public ValueTask DisposeAsync() => _web.DisposeAsync();
}
