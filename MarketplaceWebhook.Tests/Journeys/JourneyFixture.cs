using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.Tests.Journeys;

/// <summary>One running application for all journeys of a class: their accounts and ids are apart.</summary>
public sealed class JourneyFixture(AzuriteFixture azurite) : IAsyncLifetime
{
    internal JourneyHost Host { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Host = await JourneyHost.StartAsync(azurite);

    public ValueTask DisposeAsync() => Host?.DisposeAsync() ?? ValueTask.CompletedTask;
}
