using System.Net;
using MarketplaceWebhook.Tests.Support;
using MarketplaceWebhook.Tests.Support.Faults;

namespace MarketplaceWebhook.EndToEndTests.Application;

/// <summary>The worker is killed, or storage is unavailable.</summary>
public sealed class FailureTests(AzuriteFixture azurite)
{
    private readonly Guid _account = Guid.NewGuid();

    [Fact]
    public async Task Worker_killed_during_a_projection_leaves_the_same_rows()
    {
        Assert.SkipUnless(EndToEndHost.IsLocal, "It kills the worker.");
        var storage = azurite.NewAccount();
        await using var proxy = await FaultProxy.StartAsync(storage, Cancellation);
        await using var host = await EndToEndHost.StartLocalAsync(proxy.ConnectionString, storage);
        var commits = 0;
        proxy.Before = call =>
        {
            if (call.Operation != "Entity Group Transaction" || Interlocked.Increment(ref commits) > 1)
            {
                return Task.FromResult<Fault?>(null);
            }

            host.KillWorker();
            return Task.FromResult<Fault?>(Fault.BrokenConnection);
        };

        using var response = await host.PostAsync(NotificationTests.OfAccount("installed", _account));

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        var rows = await host.InstallsAsync(_account, "both rows", rows => rows.Count == 2);
        Assert.Equal(2, commits);
        Assert.Equal((await EndToEndHost.IdOfAsync(response)).ToString(), rows[0].GetString("InstalledNotificationId"));
        Assert.Single(await Rows.ListAsync(host.Storage.StatusChanges, Cancellation));
        Assert.Empty(await Rows.ListAsync(host.Storage.DeadLetters, Cancellation));
    }

    [Fact]
    public async Task Worker_killed_during_a_receipt_gives_500_and_the_next_call_succeeds()
    {
        Assert.SkipUnless(EndToEndHost.IsLocal, "It kills the worker.");
        var storage = azurite.NewAccount();
        await using var proxy = await FaultProxy.StartAsync(storage, Cancellation);
        await using var host = await EndToEndHost.StartLocalAsync(proxy.ConnectionString, storage);
        var puts = 0;
        proxy.Before = call =>
        {
            if (call.Operation != "Put Message" || Interlocked.Increment(ref puts) > 1)
            {
                return Task.FromResult<Fault?>(null);
            }

            host.KillWorker();
            return Task.FromResult<Fault?>(Fault.BrokenConnection);
        };

        using var lost = await host.PostAsync(NotificationTests.OfAccount("started", _account));
        using var accepted = await host.PostAsync(NotificationTests.OfAccount("started", _account));

        Assert.Equal([HttpStatusCode.InternalServerError, HttpStatusCode.Accepted], [lost.StatusCode, accepted.StatusCode]);
        await host.LoggedAsync(_account, await EndToEndHost.IdOfAsync(accepted));
        Assert.Single(await Rows.ListAsync(host.Storage.StatusChanges, Cancellation));
    }

    [Fact]
    public async Task Unreachable_storage_gives_503_and_is_used_once_it_recovers()
    {
        Assert.SkipUnless(EndToEndHost.IsLocal, "It breaks the storage.");
        var storage = azurite.NewAccount();
        await using var proxy = await FaultProxy.StartAsync(storage, Cancellation);
        var repair = proxy.Break(Fault.BrokenConnection);
        await using var host = await EndToEndHost.StartLocalAsync(proxy.ConnectionString, storage);
        var worker = host.Local.WorkerProcessId;

        using (var response = await host.PostAsync(NotificationTests.OfAccount("started", _account)))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
            Assert.NotNull(response.Headers.RetryAfter);
        }

        using (var health = await host.GetAsync("api/health"))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, health.StatusCode);
        }

        repair.Dispose();
        using var accepted = await host.PostAsync(NotificationTests.OfAccount("started", _account));

        Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
        Assert.Equal(worker, host.Local.WorkerProcessId);
        await host.LoggedAsync(_account, await EndToEndHost.IdOfAsync(accepted));
    }

    [Fact]
    public async Task Deleted_queue_and_tables_are_recreated()
    {
        Assert.SkipUnless(EndToEndHost.IsLocal, "It deletes tables and queues.");
        var storage = azurite.NewAccount();
        await using var host = await EndToEndHost.StartLocalAsync(storage);
        using (var first = await host.PostAsync(NotificationTests.OfAccount("started", _account)))
        {
            await host.LoggedAsync(_account, await EndToEndHost.IdOfAsync(first));
        }

        await host.Storage.Queue.DeleteAsync(Cancellation);
        await host.Storage.StatusChanges.DeleteAsync(Cancellation);
        await host.Storage.Installs.DeleteAsync(Cancellation);

        using var second = await host.PostAsync(NotificationTests.OfAccount("installed", _account));

        Assert.Equal(HttpStatusCode.Accepted, second.StatusCode);
        await host.InstallsAsync(_account, "both rows", rows => rows.Count == 2);
    }
}
