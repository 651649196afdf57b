using Azure;
using Azure.Data.Tables;
using FsCheck.Fluent;
using MarketplaceWebhook.Maintenance;
using MarketplaceWebhook.Projecting;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Properties.Histories;
using MarketplaceWebhook.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace MarketplaceWebhook.Tests.Maintenance;

public sealed class RebuildTests(AzuriteFixture azurite)
{
    private static readonly Guid Account = new("aaaaaaaa-0000-0000-0000-000000000001");
    private static readonly Guid OtherAccount = new("bbbbbbbb-0000-0000-0000-000000000002");
    private static readonly Guid CycleA = new("cccccccc-0000-0000-0000-00000000000a");
    private static readonly Guid CycleB = new("cccccccc-0000-0000-0000-00000000000b");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Projected_rows_have_no_difference()
    {
        await using var rooms = await InstalledAsync();
        await rooms.ProjectAsync(Ids.Minute(2), NotificationBody.Of("stopped", Account, 12));
        await rooms.ProjectAsync(Ids.Minute(3), NotificationBody.Of("paused", OtherAccount));
        await rooms.ProjectAsync(Ids.Minute(4), NotificationBody.Of("installed", OtherAccount, padding: new string('x', 40_000)));

        Assert.Empty(await RebuildAsync(rooms));
    }

    [Fact]
    public async Task Wrong_missing_and_extra_columns_are_reported()
    {
        await using var rooms = await InstalledAsync();
        await ChangeAsync(rooms, "1", row =>
        {
            row["Status"] = "stopped";
            row["ErrorCount"] = 0L;
            row["Note"] = "call them";
            row.Remove("CycleCount");
        });

        var found = Assert.Single(await RebuildAsync(rooms));

        Assert.Equal(Account.ToString(), found.Account);
        Assert.False(found.Applied);
        Assert.Equivalent(
            new RowDifference[]
            {
                new(Account.ToString(), "1", "Status", "stopped", "installed"),
                new(Account.ToString(), "1", "ErrorCount", "0 (Int64)", "0 (Int32)"),
                new(Account.ToString(), "1", "Note", "call them", null),
                new(Account.ToString(), "1", "CycleCount", null, "2"),
            },
            found.Differences, strict: true);
    }

    [Fact]
    public async Task Webhook_urls_are_hidden()
    {
        await using var rooms = await InstalledAsync();
        await ChangeAsync(rooms, $"1_{CycleA}", row => row["Webhooks"] = "[]");

        var found = Assert.Single(await RebuildAsync(rooms));

        var difference = Assert.Single(found.Differences);
        Assert.Equal("Webhooks", difference.Column);
        Assert.StartsWith("(hidden, ", difference.ShouldBe, StringComparison.Ordinal);
        Assert.NotEqual(difference.Is, difference.ShouldBe);
    }

    public static TheoryData<string> Damages => [.. Damage.Keys];

    private static Dictionary<string, Func<MaintenanceServices, Task>> Damage => new()
    {
        ["every row gone"] = async rooms => await rooms.Get<InstallTable>().RemoveAsync(await RowsAsync(rooms), Token),
        ["the install row gone"] = rooms =>
            rooms.Clients.Installs.DeleteEntityAsync(Account.ToString(), "1", cancellationToken: Token),
        ["a cycle row gone"] = rooms =>
            rooms.Clients.Installs.DeleteEntityAsync(Account.ToString(), $"1_{CycleA}", cancellationToken: Token),
        ["a cycle too many"] = rooms => AddAsync(rooms, $"1_{OtherAccount}", ("Kind", "cycle"), ("PackageId", 1L)),
        ["a package without a log"] = rooms => AddAsync(rooms, "99", ("Kind", "install"), ("PackageId", 99L)),
        ["a row of no package"] = rooms => AddAsync(rooms, "note", ("Text", "call them")),
        ["a row key that is no number as it is written"] = rooms => AddAsync(rooms, "007_x", ("Kind", "cycle")),
        ["an account that is no GUID"] = rooms =>
            rooms.Clients.Installs.AddEntityAsync(new TableEntity("ACME", "1").Also(e => e["Kind"] = "install"), Token),
        ["an install without Kind"] = rooms => ChangeAsync(rooms, "1", row => row.Remove("Kind")),
        ["an install without PackageId, which a projection does not see"] = rooms =>
            ChangeAsync(rooms, "1", row => row.Remove("PackageId")),
        ["an order mark that is none"] = rooms => ChangeAsync(rooms, "1", row => row["StatusNotificationId"] = "x"),
        ["a cycle of the wrong types"] = rooms =>
            ChangeAsync(rooms, $"1_{CycleB}", row => (row["WebhookCount"], row["CycleId"]) = ("many", 5)),
    };

    [Theory]
    [MemberData(nameof(Damages))]
    public async Task Damaged_rows_are_found_and_repaired(string damage)
    {
        await using var rooms = await InstalledAsync();
        await rooms.ProjectAsync(Ids.Minute(2), NotificationBody.Of("installed", Account, 12));
        var before = await rooms.InstallsAsync();
        await Damage[damage](rooms);
        var damaged = await rooms.InstallsAsync();
        Assert.NotEqual(before, damaged);

        Assert.False(Assert.Single(await RebuildAsync(rooms)).Applied);
        Assert.Equal(damaged, await rooms.InstallsAsync());

        Assert.True(Assert.Single(await RebuildAsync(rooms, apply: true)).Applied);
        Assert.Equal(before, await rooms.InstallsAsync());
        Assert.Empty(await RebuildAsync(rooms));
    }

    [Fact]
    public async Task Row_that_fails_the_projection_is_repaired_and_the_message_is_projected()
    {
        await using var rooms = await InstalledAsync();
        await ChangeAsync(rooms, "1", row => row.Remove("Kind"));
        var stopped = await rooms.SendAsync(Ids.Minute(5), NotificationBody.Of("stopped", Account));
        var failure = await Assert.ThrowsAsync<UnreadableRowException>(() => rooms.Get<Projector>().ProjectAsync(stopped, Token));
        Assert.Equal("row 1 of Installs was not written by the application; `rebuild --apply` rewrites it", failure.Message);

        await RebuildAsync(rooms, apply: true);
        await rooms.Get<Projector>().ProjectAsync(stopped, Token);

        Assert.Contains(await rooms.InstallsAsync(), row => row.Contains("Status=stopped", StringComparison.Ordinal));
        Assert.Empty(await RebuildAsync(rooms));
    }

    [Fact]
    public async Task Package_larger_than_a_transaction_is_rebuilt()
    {
        await using var rooms = await MaintenanceServices.StartAsync(azurite);
        var cycles = Enumerable.Range(0, 250).Select(n => new Guid(n, 0, 0, new byte[8])).ToList();
        await rooms.ProjectAsync(Ids.Minute(1), NotificationBody.Of("installed", Account, cycles: cycles));
        var before = await rooms.InstallsAsync();
        Assert.Equal(251, before.Count);
        await Damage["every row gone"](rooms);

        Assert.True(Assert.Single(await RebuildAsync(rooms, apply: true)).Applied);

        Assert.Equal(before, await rooms.InstallsAsync());
    }

    [Fact]
    public async Task Only_the_requested_account_is_compared()
    {
        await using var rooms = await InstalledAsync();
        await ChangeAsync(rooms, "1", row => row["Status"] = "stopped");
        await rooms.ProjectAsync(Ids.Minute(1), NotificationBody.Of("installed", OtherAccount));

        Assert.Empty(await RebuildAsync(rooms, account: OtherAccount.ToString()));
        Assert.Single(await RebuildAsync(rooms, account: Account.ToString()));
    }

    [Fact]
    public async Task Account_with_an_unreadable_log_is_reported_and_unchanged()
    {
        await using var rooms = await InstalledAsync();
        var id = Ids.Minute(2);
        await rooms.Clients.StatusChanges.AddEntityAsync(
            new TableEntity(Account.ToString(), TableKeys.NewestFirst(id))
            {
                ["NotificationId"] = id.ToString(),
                ["Source"] = "default",
                ["Status"] = "started",
                ["PayloadBlob"] = TableKeys.PayloadBlob(id),
            },
            Token);
        await ChangeAsync(rooms, "1", row => row["Status"] = "stopped");
        var before = await rooms.InstallsAsync();

        var found = Assert.Single(await RebuildAsync(rooms, apply: true));

        Assert.False(found.Applied);
        Assert.Empty(found.Differences);
        Assert.Equal(
            $"StatusChanges row {TableKeys.NewestFirst(id)} cannot be read: the blob {TableKeys.PayloadBlob(id)} is gone",
            Assert.Single(found.Problems));
        Assert.Equal(before, await rooms.InstallsAsync());
    }

    [Fact]
    public async Task Difference_that_disappears_before_the_second_comparison_is_ignored()
    {
        await using var rooms = await InstalledAsync();
        await ChangeAsync(rooms, "1", row => row["Status"] = "stopped");
        var time = new FakeTimeProvider();
        var rebuild = new Rebuild(
            rooms.Get<InstallTable>(), rooms.Get<StatusChangeLog>(), rooms.Get<StatusChangeReader>(), rooms.Get<StorageRetry>(), time);
        var firstLook = new TaskCompletionSource();
        var progress = new Reported(_ => firstLook.TrySetResult());

        var run = rebuild.RunAsync(null, apply: true, TimeSpan.FromSeconds(30), progress, Token).ToListAsync(Token).AsTask();
        await firstLook.Task.WaitAsync(Token);
        Assert.False(run.IsCompleted);
        await ChangeAsync(rooms, "1", row => row["Status"] = "installed");
        await AdvanceUntilAsync(run, time);

        Assert.Empty(await run);
    }

    [Fact]
    public async Task Rebuild_during_live_traffic_reports_and_changes_nothing()
    {
        await using var rooms = await MaintenanceServices.StartAsync(azurite);
        var deliveries = Enumerable.Range(0, 60)
            .Select(n =>
                (Id: Ids.Minute(n), Body: NotificationBody.Of(n % 3 == 0 ? "installed" : n % 3 == 1 ? "stopped" : "started", Account, 1 + (n % 2),
                cycles: n % 3 == 0 ? [CycleA, CycleB] : null)))
            .ToArray();
        Random.Shared.Shuffle(deliveries);

        var traffic = Parallel.ForEachAsync(
            deliveries, new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = Token },
            async (delivery, _) => await rooms.ProjectAsync(delivery.Id, delivery.Body));
        while (!traffic.IsCompleted)
        {
            await RebuildAsync(rooms, apply: true);
        }

        await traffic;
        Assert.Empty(await RebuildAsync(rooms));
        Assert.Equal(
            Folded.Rows(deliveries.Select(d => Folded.Change(d.Id, d.Body))), await rooms.InstallsAsync());
    }

    [Fact]
    public async Task Random_histories_are_rebuilt_from_their_log_alone()
    {
        await using var rooms = await MaintenanceServices.StartAsync(azurite);
        var arrivals = Gen.Sample(AnyHistory.Small().Generator, 10).SelectMany(history => history.Arrivals);
        foreach (var arrival in arrivals.Select((arrival, n) => arrival with { Counter = n }))
        {
            await rooms.Get<Projector>().ProjectAsync(arrival.Message(), Token);
        }

        var before = await rooms.InstallsAsync();
        Assert.NotEmpty(before);
        Assert.Empty(await RebuildAsync(rooms));
        foreach (var account in (await RowsAsync(rooms)).GroupBy(row => row.PartitionKey))
        {
            await rooms.Get<InstallTable>().RemoveAsync(account, Token);
        }

        await RebuildAsync(rooms, apply: true);

        Assert.Equal(before, await rooms.InstallsAsync());
    }

    private async Task<MaintenanceServices> InstalledAsync()
    {
        var rooms = await MaintenanceServices.StartAsync(azurite);
        await rooms.ProjectAsync(Ids.Minute(1), NotificationBody.Of("installed", Account, cycles: [CycleA, CycleB]));
        return rooms;
    }

    private static Task<List<RebuiltAccount>> RebuildAsync(MaintenanceServices rooms, bool apply = false, string? account = null) =>
        rooms.Get<Rebuild>().RunAsync(account, apply, TimeSpan.Zero, null, Token).ToListAsync(Token).AsTask();

    private static async Task<List<RawRow>> RowsAsync(MaintenanceServices rooms) =>
        await rooms.Get<InstallTable>().ReadRowsAsync(null, Token).ToListAsync(Token);

    private static Task AddAsync(MaintenanceServices rooms, string rowKey, params (string Column, object Value)[] columns)
    {
        var row = new TableEntity(Account.ToString(), rowKey);
        foreach (var (column, value) in columns)
        {
            row[column] = value;
        }

        return rooms.Clients.Installs.AddEntityAsync(row, Token);
    }

    private static async Task ChangeAsync(MaintenanceServices rooms, string rowKey, Action<TableEntity> change)
    {
        TableEntity row = await rooms.Clients.Installs.GetEntityAsync<TableEntity>(
            Account.ToString(), rowKey, cancellationToken: Token);
        change(row);
        await rooms.Clients.Installs.UpdateEntityAsync(row, ETag.All, TableUpdateMode.Replace, Token);
    }

    private static async Task AdvanceUntilAsync(Task task, FakeTimeProvider time)
    {
        while (!task.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(10));
            await Task.WhenAny(task, Task.Delay(10, Token));
        }
    }

    private sealed class Reported(Action<RebuildProgress> report) : IProgress<RebuildProgress>
    {
        public void Report(RebuildProgress value) => report(value);
    }
}

internal static class TableEntityExtensions
{
    public static TableEntity Also(this TableEntity entity, Action<TableEntity> change)
    {
        change(entity);
        return entity;
    }
}
