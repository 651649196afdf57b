using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace MarketplaceWebhook.LocalHost.Workers.Isolated;

/// <summary>The gRPC server on 127.0.0.1 that one worker process connects to.</summary>
internal sealed class WorkerServer : IAsyncDisposable
{
    private readonly WebApplication _web;

    private WorkerServer(WebApplication web) => _web = web;

    public Uri Address => new(_web.Urls.Single());

    public static async Task<WorkerServer> StartAsync(WorkerChannel channel, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        ((IWebHostBuilder)builder.WebHost).UseKestrelCore().ConfigureKestrel(
            kestrel => kestrel.Listen(IPAddress.Loopback, port: 0, endpoint => endpoint.Protocols = HttpProtocols.Http2));
        builder.Services.AddSingleton(channel).AddGrpc(grpc =>
        {
            grpc.MaxReceiveMessageSize = null;
            grpc.MaxSendMessageSize = null;
        });
        var web = builder.Build();
        web.UseRouting();
        web.MapGrpcService<WorkerChannel>();
        await web.StartAsync(cancellationToken);
        return new WorkerServer(web);
    }

    public async ValueTask DisposeAsync()
    {
        // Does not wait for the stream: it has ended, or the process that held it.
        await _web.StopAsync(new CancellationToken(canceled: true));
        await _web.DisposeAsync();
    }
}
