using System.Net;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;
using MarketplaceWebhook.Tests.Support.Faults;

namespace MarketplaceWebhook.EndToEndTests.Application;

/// <summary>
/// A second storage account takes over. Behind another host the setting JOURNEY_FALLBACK_STORAGE is the connection string that
/// the application has as FallbackStorage.
/// </summary>
public sealed class FallbackTests(AzuriteFixture azurite)
{
    private readonly Guid _account = Guid.NewGuid();

    [Fact]
    public async Task Message_in_the_fallback_storage_is_moved_and_projected()
    {
        var external = Environment.GetEnvironmentVariable("JOURNEY_FALLBACK_STORAGE");
        Assert.SkipUnless(EndToEndHost.IsLocal || external is not null, "JOURNEY_FALLBACK_STORAGE is not set.");
        var fallback = external ?? azurite.NewAccount();
        await using var host = EndToEndHost.IsLocal
            ? await StartAsync(azurite.NewAccount(), fallback)
            : await EndToEndHost.StartAsync(azurite);
        var clients = new StorageClients(StorageSettings.FromConnectionString(fallback), StorageProfile.Fallback);
        var id = new NotificationIds(TimeProvider.System).Next();

        await new NotificationQueue(clients, new PayloadBlobs(clients)).SendAsync(
            new ReceivedNotification(
                id, "default", TraceParent: null, UserAgent: null, _account, NotificationTests.OfAccount("installed", _account)),
            Cancellation);

        var row = await host.LoggedAsync(_account, id);
        Assert.Equal("installed", row.GetString("Status"));
        await host.InstallsAsync(_account, "both rows", rows => rows.Count == 2);
    }

    [Fact]
    public async Task Notification_sent_while_the_primary_storage_fails_gets_202_and_is_projected_after_it_recovered()
    {
        Assert.SkipUnless(EndToEndHost.IsLocal, "It breaks the storage.");
        var (storage, fallback) = (azurite.NewAccount(), azurite.NewAccount());
        await using var proxy = await FaultProxy.StartAsync(storage, Cancellation);
        var broken = proxy.Break(Fault.BrokenConnection);
        NotificationId id;
        // What is moved while the primary storage fails waits for a minute: MoveFallback receives nothing.
        await using var unread = await FaultProxy.StartAsync(fallback, Cancellation);
        using (unread.Break(Fault.ServerBusy, call => call.Operation == "Get Messages"))
        await using (var failing = await StartAsync(proxy.ConnectionString, unread.ConnectionString))
        {
            using var response = await failing.PostAsync(NotificationTests.OfAccount("installed", _account));
            Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
            id = await EndToEndHost.IdOfAsync(response);
            using var health = await failing.GetAsync("api/health");
            Assert.Equal(HttpStatusCode.ServiceUnavailable, health.StatusCode);
        }

        broken.Dispose();
        await using var recovered = await StartAsync(proxy.ConnectionString, fallback, realStorage: storage);

        await recovered.LoggedAsync(_account, id);
        await recovered.InstallsAsync(_account, "both rows", rows => rows.Count == 2);
    }

    private static Task<EndToEndHost> StartAsync(string storage, string fallback, string? realStorage = null) =>
        EndToEndHost.StartLocalAsync(
            storage, realStorage, new Dictionary<string, string?> { [StorageSettings.FallbackName] = fallback });
}
