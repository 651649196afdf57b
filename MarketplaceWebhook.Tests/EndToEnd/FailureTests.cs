using System.Diagnostics;
using System.Net;
using MarketplaceWebhook.Tests.Support;
using MarketplaceWebhook.Tests.Support.Faults;

namespace MarketplaceWebhook.Tests.EndToEnd;

/// <summary>The handler is killed, or storage is not there.</summary>
public sealed class FailureTests(AzuriteFixture azurite)
{
    private readonly Guid account = Guid.NewGuid();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_handler_killed_in_the_middle_of_a_projection_leaves_the_same_rows()
    {
        Assert.SkipUnless(EndToEndHost.IsLocal, "It kills the handler.");
        var storage = azurite.NewAccount();
        await using var proxy = await FaultProxy.StartAsync(storage, Cancelled);
        await using var host = await EndToEndHost.StartLocalAsync(proxy.ConnectionString, storage);
        var commits = 0;
        proxy.Before = call =>
        {
            if (call.Operation != "Entity Group Transaction" || Interlocked.Increment(ref commits) > 1)
                return Task.FromResult<Fault?>(null);

            Kill(host);
            return Task.FromResult<Fault?>(Fault.BrokenConnection);
        };

        using var answer = await host.PostAsync(NotificationTests.OfAccount("installed", account));

        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        var rows = await host.InstallsAsync(account, "both rows", rows => rows.Count == 2);
        Assert.Equal(2, commits);
        Assert.Equal((await EndToEndHost.IdOfAsync(answer)).ToString(), rows[0].GetString("InstalledNotificationId"));
        Assert.Single(await Rows.ListAsync(host.Storage.StatusChanges, Cancelled));
        Assert.Empty(await Rows.ListAsync(host.Storage.DeadLetters, Cancelled));
    }

    [Fact]
    public async Task A_handler_killed_in_the_middle_of_a_receipt_promised_nothing_and_the_next_takes_over()
    {
        Assert.SkipUnless(EndToEndHost.IsLocal, "It kills the handler.");
        var storage = azurite.NewAccount();
        await using var proxy = await FaultProxy.StartAsync(storage, Cancelled);
        await using var host = await EndToEndHost.StartLocalAsync(proxy.ConnectionString, storage);
        var puts = 0;
        proxy.Before = call =>
        {
            if (call.Operation != "Put Message" || Interlocked.Increment(ref puts) > 1)
                return Task.FromResult<Fault?>(null);

            Kill(host);
            return Task.FromResult<Fault?>(Fault.BrokenConnection);
        };

        using var lost = await host.PostAsync(NotificationTests.OfAccount("started", account));
        using var taken = await host.PostAsync(NotificationTests.OfAccount("started", account));

        Assert.Equal([HttpStatusCode.InternalServerError, HttpStatusCode.Accepted], [lost.StatusCode, taken.StatusCode]);
        await host.LoggedAsync(account, await EndToEndHost.IdOfAsync(taken));
        Assert.Single(await Rows.ListAsync(host.Storage.StatusChanges, Cancelled));
    }

    [Fact]
    public async Task A_storage_out_of_reach_is_no_reason_to_exit_and_is_used_when_it_is_there()
    {
        Assert.SkipUnless(EndToEndHost.IsLocal, "It breaks the storage.");
        var storage = azurite.NewAccount();
        await using var proxy = await FaultProxy.StartAsync(storage, Cancelled);
        var repair = proxy.Break(Fault.BrokenConnection);
        await using var host = await EndToEndHost.StartLocalAsync(proxy.ConnectionString, storage);
        var handler = host.Local.WorkerProcessId;

        using (var answer = await host.PostAsync(NotificationTests.OfAccount("started", account)))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
            Assert.NotNull(answer.Headers.RetryAfter);
        }

        using (var health = await host.GetAsync("api/health"))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, health.StatusCode);
        }

        repair.Dispose();
        using var taken = await host.PostAsync(NotificationTests.OfAccount("started", account));

        Assert.Equal(HttpStatusCode.Accepted, taken.StatusCode);
        Assert.Equal(handler, host.Local.WorkerProcessId);
        await host.LoggedAsync(account, await EndToEndHost.IdOfAsync(taken));
    }

    [Fact]
    public async Task What_is_deleted_under_a_running_application_is_made_again()
    {
        Assert.SkipUnless(EndToEndHost.IsLocal, "It deletes tables and queues.");
        var storage = azurite.NewAccount();
        await using var host = await EndToEndHost.StartLocalAsync(storage);
        using (var first = await host.PostAsync(NotificationTests.OfAccount("started", account)))
        {
            await host.LoggedAsync(account, await EndToEndHost.IdOfAsync(first));
        }

        await host.Storage.Queue.DeleteAsync(Cancelled);
        await host.Storage.StatusChanges.DeleteAsync(Cancelled);
        await host.Storage.Installs.DeleteAsync(Cancelled);

        using var second = await host.PostAsync(NotificationTests.OfAccount("installed", account));

        Assert.Equal(HttpStatusCode.Accepted, second.StatusCode);
        await host.InstallsAsync(account, "both rows", rows => rows.Count == 2);
    }

    private static void Kill(EndToEndHost host)
    {
        using var handler = Process.GetProcessById(host.Local.WorkerProcessId!.Value);
        handler.Kill();
        handler.WaitForExit();
    }
}
