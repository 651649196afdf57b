using Azure;
using Azure.Data.Tables;
using FsCheck.Fluent;
using MarketplaceWebhook.Maintenance;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Projecting;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;
using MarketplaceWebhook.Tests.Support.Histories;
using Microsoft.Extensions.Time.Testing;

namespace MarketplaceWebhook.Tests.Maintenance;

public sealed class RebuildTests(AzuriteFixture azurite)
{
    private static readonly Guid Account = new("aaaaaaaa-0000-0000-0000-000000000001");
    private static readonly Guid OtherAccount = new("bbbbbbbb-0000-0000-0000-000000000002");
    private static readonly Guid CycleA = new("cccccccc-0000-0000-0000-00000000000a");
    private static readonly Guid CycleB = new("cccccccc-0000-0000-0000-00000000000b");

    [Fact]
    public async Task Projected_rows_have_no_difference()
    {
        await using var services = await InstalledAsync();
        await services.ProjectAsync(Ids.Minute(2), NotificationBody.Of("stopped", Account, 12));
        await services.ProjectAsync(Ids.Minute(3), NotificationBody.Of(NotificationBody.Unknown, OtherAccount));
        await services.ProjectAsync(
            Ids.Minute(4), NotificationBody.Of("installed", OtherAccount, padding: new string('x', 40_000)));

        Assert.Empty(await RebuildAsync(services));
    }

    [Fact]
    public async Task Wrong_missing_and_extra_columns_are_reported()
    {
        await using var services = await InstalledAsync();
        await ChangeAsync(services, "1", row =>
        {
            row["Status"] = "stopped";
            row["ErrorCount"] = 0L;
            row["Note"] = "call them";
            row.Remove("CycleCount");
        });

        var found = Assert.Single(await RebuildAsync(services));

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
    public async Task Log_row_of_the_future_is_reported_until_it_is_deleted_and_its_account_is_not_changed()
    {
        await using var services = await InstalledAsync();
        var before = await services.InstallsAsync();
        var id = Ids.At(DateTimeOffset.UtcNow.AddDays(2));
        var change = FoldedRows.Change(id, NotificationBody.Of("uninstalled", Account, 1));
        // As before such notifications were rejected.
        await services.Get<StatusChangeLog>().AppendAsync(change, Cancellation);
        await services.Get<InstallTable>().RemoveAsync(await RowsAsync(services), Cancellation);
        var history = await services.Get<StatusChangeLog>().ReadAsync(Account.ToString(), Cancellation).ToListAsync(Cancellation);

        var found = Assert.Single(await RebuildAsync(services, apply: true));

        Assert.Equal(
            [
                $"StatusChanges row {TableKeys.NewestFirst(id)} cannot be used: the time of its id, {TimeText.Of(id.ReceivedAt)}, is more "
                    + "than a day from now, so that it wins over every other one until then. Delete the row, then run `rebuild --apply`",
            ],
            found.Problems);
        Assert.False(found.Applied);
        Assert.Empty(await services.InstallsAsync());
        await services.Get<StatusChangeLog>().RemoveAsync(
            history.Where(row => row.Id(Columns.NotificationId) == id), Cancellation);
        await RebuildAsync(services, apply: true);
        Assert.Equal(before, await services.InstallsAsync());
    }

    [Fact]
    public async Task Webhook_urls_are_hidden()
    {
        await using var services = await InstalledAsync();
        await ChangeAsync(services, $"1_{CycleA}", row => row["Webhooks"] = "[]");

        var found = Assert.Single(await RebuildAsync(services));

        var difference = Assert.Single(found.Differences);
        Assert.Equal("Webhooks", difference.Column);
        Assert.StartsWith("(hidden, ", difference.ShouldBe, StringComparison.Ordinal);
        Assert.NotEqual(difference.Is, difference.ShouldBe);
    }

    public static TheoryData<string> Damages => [.. Damage.Keys];

    private static Dictionary<string, Func<MaintenanceServices, Task>> Damage => new()
    {
        ["every row gone"] = async services =>
            await services.Get<InstallTable>().RemoveAsync(await RowsAsync(services), Cancellation),
        ["the install row gone"] = services =>
            services.Clients.Installs.DeleteEntityAsync(Account.ToString(), "1", cancellationToken: Cancellation),
        ["a cycle row gone"] = services =>
            services.Clients.Installs.DeleteEntityAsync(Account.ToString(), $"1_{CycleA}", cancellationToken: Cancellation),
        ["a cycle too many"] = services => AddAsync(services, $"1_{OtherAccount}", ("Kind", "cycle"), ("PackageId", 1L)),
        ["a package without a log"] = services => AddAsync(services, "99", ("Kind", "install"), ("PackageId", 99L)),
        ["a row of no package"] = services => AddAsync(services, "note", ("Text", "call them")),
        ["a row key that is no number as it is written"] = services => AddAsync(services, "007_x", ("Kind", "cycle")),
        ["an account that is no GUID"] = services =>
            services.Clients.Installs.AddEntityAsync(new TableEntity("ACME", "1").Also(e => e["Kind"] = "install"), Cancellation),
        ["an install without Kind"] = services => ChangeAsync(services, "1", row => row.Remove("Kind")),
        ["an install without PackageId, which a projection does not see"] = services =>
            ChangeAsync(services, "1", row => row.Remove("PackageId")),
        ["an order mark that is none"] = services => ChangeAsync(services, "1", row => row["StatusNotificationId"] = "x"),
        ["a cycle of the wrong types"] = services =>
            ChangeAsync(services, $"1_{CycleB}", row => (row["WebhookCount"], row["CycleId"]) = ("many", 5)),
    };

    [Theory]
    [MemberData(nameof(Damages))]
    public async Task Damaged_rows_are_found_and_repaired(string damage)
    {
        await using var services = await InstalledAsync();
        await services.ProjectAsync(Ids.Minute(2), NotificationBody.Of("installed", Account, 12));
        var before = await services.InstallsAsync();
        await Damage[damage](services);
        var damaged = await services.InstallsAsync();
        Assert.NotEqual(before, damaged);

        Assert.False(Assert.Single(await RebuildAsync(services)).Applied);
        Assert.Equal(damaged, await services.InstallsAsync());

        Assert.True(Assert.Single(await RebuildAsync(services, apply: true)).Applied);
        Assert.Equal(before, await services.InstallsAsync());
        Assert.Empty(await RebuildAsync(services));
    }

    [Fact]
    public async Task Row_that_fails_the_projection_is_repaired_and_the_message_is_projected()
    {
        await using var services = await InstalledAsync();
        await ChangeAsync(services, "1", row => row.Remove("Kind"));
        var stopped = await services.SendAsync(Ids.Minute(5), NotificationBody.Of("stopped", Account));
        var failure = await Assert.ThrowsAsync<UnreadableRowException>(
            () => services.Get<Projector>().ProjectAsync(stopped, Cancellation));
        Assert.Equal("row 1 of Installs was not written by the application; `rebuild --apply` rewrites it", failure.Message);

        await RebuildAsync(services, apply: true);
        await services.Get<Projector>().ProjectAsync(stopped, Cancellation);

        Assert.Contains(await services.InstallsAsync(), row => row.Contains("Status=stopped", StringComparison.Ordinal));
        Assert.Empty(await RebuildAsync(services));
    }

    [Fact]
    public async Task Package_larger_than_a_transaction_is_rebuilt()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        var cycles = Enumerable.Range(0, 250).Select(n => new Guid(n, 0, 0, new byte[8])).ToList();
        await services.ProjectAsync(Ids.Minute(1), NotificationBody.Of("installed", Account, cycles: cycles));
        var before = await services.InstallsAsync();
        Assert.Equal(251, before.Count);
        await Damage["every row gone"](services);

        Assert.True(Assert.Single(await RebuildAsync(services, apply: true)).Applied);

        Assert.Equal(before, await services.InstallsAsync());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Storage_from_before_the_table_Accounts_gets_its_rows(bool hasTable)
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        await services.ProjectAsync(Ids.Minute(1), NotificationBody.Of("installed", Account, apiId: "a/b"));
        await services.ProjectAsync(Ids.Minute(2), NotificationBody.Of("installed", Account, 2, apiId: "former"));
        await services.ProjectAsync(Ids.Minute(3), NotificationBody.Of("stopped", Account, 2, apiId: "second"));
        await services.ProjectAsync(Ids.Minute(4), NotificationBody.Of("installed", OtherAccount, apiId: "a/b"));
        await services.ProjectAsync(Ids.Minute(5), NotificationBody.Of("installed", Guid.Empty));
        await services.Clients.Accounts.DeleteAsync(Cancellation);
        if (hasTable)
        {
            await services.Clients.Accounts.CreateAsync(Cancellation);
        }

        var found = await RebuildAsync(services);
        Assert.Equal(
            [(Account, "Accounts/second"), (Account, "Accounts/a~2Fb"), (OtherAccount, "Accounts/a~2Fb")],
            found.SelectMany(account => account.Differences).Select(d => (Guid.Parse(d.Account), d.Row)));
        Assert.Empty(await services.Get<AccountTable>().ReadAsync(Cancellation).ToListAsync(Cancellation));

        Assert.True(Assert.Single(await RebuildAsync(services, apply: true, account: Account.ToString())).Applied);
        Assert.Equal(
            OtherAccount.ToString(), Assert.Single(await RebuildAsync(services, apply: true)).Account);

        Assert.Empty(await RebuildAsync(services));
        Assert.Equal(
            [("a~2Fb", Account), ("a~2Fb", OtherAccount), ("second", Account)],
            (await services.Get<AccountTable>().ReadAsync(Cancellation).ToListAsync(Cancellation))
                .Select(row => (row.PartitionKey, Guid.Parse(row.RowKey))));
    }

    [Fact]
    public async Task Row_of_Accounts_and_rows_of_Installs_of_an_account_are_written_together()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        await services.ProjectAsync(Ids.Minute(1), NotificationBody.Of("installed", Account, apiId: "customer-42"));
        var before = await services.InstallsAsync();
        await ChangeAsync(services, "1", row => row["Status"] = "stopped");
        await services.Clients.Accounts.DeleteAsync(Cancellation);

        Assert.Equal(2, Assert.Single(await RebuildAsync(services, apply: true)).Differences.Count);

        Assert.Equal(before, await services.InstallsAsync());
        Assert.Empty(await RebuildAsync(services));
    }

    [Fact]
    public async Task Only_the_requested_account_is_compared()
    {
        await using var services = await InstalledAsync();
        await ChangeAsync(services, "1", row => row["Status"] = "stopped");
        await services.ProjectAsync(Ids.Minute(1), NotificationBody.Of("installed", OtherAccount));

        Assert.Empty(await RebuildAsync(services, account: OtherAccount.ToString()));
        Assert.Single(await RebuildAsync(services, account: Account.ToString()));
    }

    [Fact]
    public async Task Account_with_an_unreadable_log_is_reported_and_unchanged()
    {
        await using var services = await InstalledAsync();
        var id = Ids.Minute(2);
        await services.Clients.StatusChanges.AddEntityAsync(
            new TableEntity(Account.ToString(), TableKeys.NewestFirst(id))
            {
                ["NotificationId"] = id.ToString(),
                ["Source"] = "default",
                ["Status"] = "started",
                ["PayloadBlob"] = TableKeys.PayloadBlob(id),
            },
            Cancellation);
        await ChangeAsync(services, "1", row => row["Status"] = "stopped");
        var before = await services.InstallsAsync();

        var found = Assert.Single(await RebuildAsync(services, apply: true));

        Assert.False(found.Applied);
        Assert.Empty(found.Differences);
        Assert.Equal(
            $"StatusChanges row {TableKeys.NewestFirst(id)} cannot be used: the blob {TableKeys.PayloadBlob(id)} is gone",
            Assert.Single(found.Problems));
        Assert.Equal(before, await services.InstallsAsync());
    }

    [Fact]
    public async Task Difference_that_disappears_before_the_second_comparison_is_ignored()
    {
        await using var services = await InstalledAsync();
        await ChangeAsync(services, "1", row => row["Status"] = "stopped");
        var time = new FakeTimeProvider(Ids.Start.AddDays(1));
        var rebuild = new Rebuild(
            services.Get<InstallTable>(), services.Get<AccountTable>(), services.Get<StatusChangeLog>(),
            services.Get<StatusChangeReader>(), services.Get<StorageRetry>(), time);
        var firstLook = new TaskCompletionSource();
        var progress = new Reported(_ => firstLook.TrySetResult());

        var run = rebuild.RunAsync(
            null, apply: true, TimeSpan.FromSeconds(30), progress, Cancellation).ToListAsync(Cancellation).AsTask();
        await firstLook.Task.WaitAsync(Cancellation);
        Assert.False(run.IsCompleted);
        await ChangeAsync(services, "1", row => row["Status"] = "installed");
        await AdvanceUntilAsync(run, time);

        Assert.Empty(await run);
    }

    [Fact]
    public async Task Rebuild_during_live_traffic_reports_and_changes_nothing()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        var deliveries = Enumerable.Range(0, 60)
            .Select(n =>
                (
                    Id: Ids.Minute(n),
                    Body: NotificationBody.Of(n % 3 == 0 ? "installed" : n % 3 == 1 ? "stopped" : "started", Account, 1 + (n % 2),
                cycles: n % 3 == 0 ? [CycleA, CycleB] : null)))
            .ToArray();
        Random.Shared.Shuffle(deliveries);

        var traffic = Parallel.ForEachAsync(
            deliveries, new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = Cancellation },
            async (delivery, _) => await services.ProjectAsync(delivery.Id, delivery.Body));
        while (!traffic.IsCompleted)
        {
            await RebuildAsync(services, apply: true);
        }

        await traffic;
        Assert.Empty(await RebuildAsync(services));
        Assert.Equal(
            FoldedRows.Rows(deliveries.Select(d => FoldedRows.Change(d.Id, d.Body))), await services.InstallsAsync());
    }

    [Fact]
    public async Task Empty_AccountApiId_of_an_existing_row_is_an_absent_one()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        await services.ProjectAsync(Ids.Minute(1), NotificationBody.Of("installed", Account, apiId: ""));
        await ChangeAsync(services, "1", row => row["AccountApiId"] = "");

        Assert.Empty(await RebuildAsync(services));
        Assert.DoesNotContain("AccountApiId", Assert.Single(await services.InstallsAsync()), StringComparison.Ordinal);
        Assert.Null((await services.Get<InstallTable>().ReadAsync(Account, 1, Cancellation)).Package.Install!.AccountApiId);
        Assert.Empty((await services.Get<AccountLookup>().FindAsync("", Cancellation)).Ids);
    }

    [Fact]
    public async Task Random_histories_are_rebuilt_from_their_log_alone()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        var arrivals = Gen.Sample(AnyHistory.Small().Generator, 10).SelectMany(history => history.Arrivals);
        foreach (var arrival in arrivals.Select((arrival, n) => arrival with { Counter = n }))
        {
            await services.Get<Projector>().ProjectAsync(arrival.Message(), Cancellation);
        }

        var before = await services.InstallsAsync();
        Assert.NotEmpty(before);
        Assert.Empty(await RebuildAsync(services));
        foreach (var account in (await RowsAsync(services)).GroupBy(row => row.PartitionKey))
        {
            await services.Get<InstallTable>().RemoveAsync(account, Cancellation);
        }

        await RebuildAsync(services, apply: true);

        Assert.Equal(before, await services.InstallsAsync());
    }

    private async Task<MaintenanceServices> InstalledAsync()
    {
        var services = await MaintenanceServices.StartAsync(azurite);
        await services.ProjectAsync(Ids.Minute(1), NotificationBody.Of("installed", Account, cycles: [CycleA, CycleB]));
        return services;
    }

    private static Task<List<RebuiltAccount>> RebuildAsync(
        MaintenanceServices services, bool apply = false, string? account = null) =>
        services.Get<Rebuild>().RunAsync(account, apply, TimeSpan.Zero, null, Cancellation).ToListAsync(Cancellation).AsTask();

    private static async Task<List<RawRow>> RowsAsync(MaintenanceServices services) =>
        await services.Get<InstallTable>().ReadRowsAsync(null, Cancellation).ToListAsync(Cancellation);

    private static Task AddAsync(MaintenanceServices services, string rowKey, params (string Column, object Value)[] columns)
    {
        var row = new TableEntity(Account.ToString(), rowKey);
        foreach (var (column, value) in columns)
        {
            row[column] = value;
        }

        return services.Clients.Installs.AddEntityAsync(row, Cancellation);
    }

    private static async Task ChangeAsync(MaintenanceServices services, string rowKey, Action<TableEntity> change)
    {
        TableEntity row = await services.Clients.Installs.GetEntityAsync<TableEntity>(
            Account.ToString(), rowKey, cancellationToken: Cancellation);
        change(row);
        await services.Clients.Installs.UpdateEntityAsync(row, ETag.All, TableUpdateMode.Replace, Cancellation);
    }

    private static async Task AdvanceUntilAsync(Task task, FakeTimeProvider time)
    {
        while (!task.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(10));
            await Task.WhenAny(task, Task.Delay(10, Cancellation));
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
