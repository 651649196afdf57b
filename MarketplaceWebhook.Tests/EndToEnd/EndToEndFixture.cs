using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.Tests.EndToEnd;

/// <summary>One running application for all journeys of a class: their accounts and ids are apart.</summary>
public sealed class EndToEndFixture(AzuriteFixture azurite) : IAsyncLifetime
{
    internal EndToEndHost Host { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Host = await EndToEndHost.StartAsync(azurite);

    public ValueTask DisposeAsync() => Host?.DisposeAsync() ?? ValueTask.CompletedTask;
}
