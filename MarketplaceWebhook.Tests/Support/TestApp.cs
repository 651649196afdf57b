using System.Net;
using MarketplaceWebhook.Runtimes;
using MarketplaceWebhook.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace MarketplaceWebhook.Tests.Support;

/// <summary>The application's rooms as Program puts them together, in this process; as a server only after <see cref="ListenAsync"/>.</summary>
internal sealed class TestApp : IAsyncDisposable
{
    private readonly WebApplication app;

    /// <param name="storage">A connection string.</param>
    /// <param name="settings">Beside AzureWebJobsStorage, with colons.</param>
    /// <param name="replace">What a test puts in place of the application's own parts.</param>
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
        replace?.Invoke(builder.Services);
        app = builder.Build();
        app.MapFunctions();
    }

    public StorageClients Storage => Get<StorageClients>();

    public T Get<T>()
        where T : notnull => app.Services.GetRequiredService<T>();

    /// <summary>The address that the functions answer on, as they answer the host.</summary>
    public async Task<Uri> ListenAsync(CancellationToken cancellationToken)
    {
        await app.StartAsync(cancellationToken);
        return new Uri(app.Urls.Single());
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();
}
