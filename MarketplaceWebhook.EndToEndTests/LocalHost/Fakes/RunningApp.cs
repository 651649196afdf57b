using System.Text;
using MarketplaceWebhook.LocalHost;

namespace MarketplaceWebhook.EndToEndTests.LocalHost.Fakes;

/// <summary>The local host with an app without queues, and a client of its HTTP functions.</summary>
public abstract class RunningApp<TApp>(TApp app) : IAsyncLifetime
    where TApp : LocalApp
{
    private LocalFunctionsHost? _host;

    internal TApp App => app;

    internal HttpClient Http { get; } = new(new SocketsHttpHandler { AllowAutoRedirect = false });

    internal LocalFunctionsHost Host => _host ?? throw new InvalidOperationException("It was not started.");

    public async ValueTask InitializeAsync()
    {
        _host = await app.StartAsync();
        Http.BaseAddress = _host.BaseAddress;
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await (_host?.DisposeAsync() ?? ValueTask.CompletedTask);
        app.Dispose();
        GC.SuppressFinalize(this);
    }

    internal Task<HttpResponseMessage> PostAsync(string target, string body = "") => Http.PostAsync(
        new Uri(target, UriKind.Relative), new StringContent(body, Encoding.UTF8, "application/json"), Cancellation);
}
