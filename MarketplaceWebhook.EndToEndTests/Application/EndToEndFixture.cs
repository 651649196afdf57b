using MarketplaceWebhook.Tests.Support;


namespace MarketplaceWebhook.EndToEndTests.Application;

/// <summary>One running application for all tests of a class, which use different accounts and ids.</summary>
public sealed class EndToEndFixture(AzuriteFixture azurite) : IAsyncLifetime
{
    internal EndToEndHost Host { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Host = await EndToEndHost.StartAsync(azurite);

    public ValueTask DisposeAsync() => Host?.DisposeAsync() ?? ValueTask.CompletedTask;
}
