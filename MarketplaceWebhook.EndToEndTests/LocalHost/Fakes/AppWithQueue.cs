using System.Text;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.EndToEndTests.LocalHost.Fakes;

/// <summary>An app whose function `Orders` has its queue in a storage account of its own.</summary>
public abstract class AppWithQueue<TApp>(TApp app, AzuriteFixture azurite) : IAsyncLifetime
    where TApp : LocalApp
{
    private QueueClient? _queue;
    private QueueClient? _poison;

    internal string Storage { get; } = azurite.NewAccount();

    internal TApp App => app;

    internal QueueClient Queue => _queue ??= new(Storage, "orders");

    internal QueueClient Poison => _poison ??= new(Storage, "orders-poison");

    public async ValueTask InitializeAsync() => await Queue.CreateAsync(cancellationToken: Cancellation);

    public ValueTask DisposeAsync()
    {
        app.Dispose();
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    protected static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    protected async Task<SendReceipt> SendAsync(string text) => await Queue.SendMessageAsync(Base64(text), Cancellation);

    protected Task QueueIsEmptyAsync() => Wait.ForAsync(
        "an empty queue",
        async () => (await Queue.GetPropertiesAsync(Cancellation)).Value.ApproximateMessagesCount,
        count => count == 0,
        Cancellation);
}
