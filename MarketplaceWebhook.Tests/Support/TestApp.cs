using System.Net;
using MarketplaceWebhook.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace MarketplaceWebhook.Tests.Support;

/// <summary>The function app's services in this process; its HTTP functions listen after <see cref="ListenAsync"/>.</summary>
internal sealed class TestApp : IAsyncDisposable
{
    private readonly WebApplication _app;

    /// <param name="storage">A connection string.</param>
    /// <param name="settings">Besides AzureWebJobsStorage, with colons.</param>
    /// <param name="replace">Replaces services of the application.</param>
    public TestApp(string storage, Dictionary<string, string?>? settings = null, Action<IServiceCollection>? replace = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.Sources.Clear();
        builder.Configuration.AddInMemoryCollection(
            [KeyValuePair.Create<string, string?>(StorageSettings.Name, storage), .. settings ?? []]);
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.AddRoutingCore();
        builder.AddMarketplaceWebhook();
        builder.Services.AddSingleton<Functions>();
        replace?.Invoke(builder.Services);
        _app = builder.Build();
        _app.MapPost(
            "/api/cyclr/marketplace/{source?}",
            (HttpRequest request, string? source, Functions functions) => functions.ReceiveNotification(request, source));
        _app.MapGet("/api/health", (HttpRequest request, Functions functions) => functions.Health(request));
    }

    public StorageClients Storage => Get<StorageClients>();

    public T Get<T>()
        where T : notnull => _app.Services.GetRequiredService<T>();

    /// <returns>The address of the HTTP functions, with the paths that the Functions host forwards.</returns>
    public async Task<Uri> ListenAsync(CancellationToken cancellationToken)
    {
        await _app.StartAsync(cancellationToken);
        return new Uri(_app.Urls.Single());
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
