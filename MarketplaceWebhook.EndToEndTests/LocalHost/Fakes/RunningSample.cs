using MarketplaceWebhook.LocalHost;

namespace MarketplaceWebhook.EndToEndTests.LocalHost.Fakes;

/// <summary>One sample worker for all tests of a class, without queues.</summary>
public sealed class RunningSample : IAsyncLifetime
{
    private LocalFunctionsHost? _host;

    internal SampleApp App { get; } = new();

    internal HttpClient Http { get; } = new(new SocketsHttpHandler { AllowAutoRedirect = false });

    public async ValueTask InitializeAsync()
    {
        _host = await App.StartAsync();
        Http.BaseAddress = _host.BaseAddress;
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await (_host?.DisposeAsync() ?? ValueTask.CompletedTask);
        App.Dispose();
    }
}
