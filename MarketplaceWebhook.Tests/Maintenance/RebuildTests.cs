using Azure;
using Azure.Data.Tables;
using FsCheck.Fluent;
using MarketplaceWebhook.Maintenance;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace MarketplaceWebhook.Tests.Maintenance;

/// <summary>What `rebuild` reports, and when.</summary>
public sealed class RebuildTests(AzuriteFixture azurite)
{
    internal static readonly Guid Account = new("aaaaaaaa-0000-0000-0000-000000000001");
    internal static readonly Guid OtherAccount = new("bbbbbbbb-0000-0000-0000-000000000002");
    internal static readonly Guid CycleA = new("cccccccc-0000-0000-0000-00000000000a");
    internal static readonly Guid CycleB = new("cccccccc-0000-0000-0000-00000000000b");

    [Fact]
    public async Task Projected_rows_have_no_difference()
    {
        await using var services = await InstalledAsync(azurite);
        await services.ProjectAsync(Ids.Minute(2), NotificationBody.Of("stopped", Account, 12));
        await services.ProjectAsync(Ids.Minute(3), NotificationBody.Of(NotificationBody.Unknown, OtherAccount));
        await services.ProjectAsync(
            Ids.Minute(4), NotificationBody.Of("installed", OtherAccount, padding: new string('x', 40_000)));

        Assert.Empty(await RebuildAsync(services));
    }

    [Fact]
    public async Task Wrong_missing_and_extra_columns_are_reported()
    {
        await using var services = await InstalledAsync(azurite);
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
        await using var services = await InstalledAsync(azurite);
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
        await using var services = await InstalledAsync(azurite);
        await ChangeAsync(services, $"1_{CycleA}", row => row["Webhooks"] = "[]");

        var found = Assert.Single(await RebuildAsync(services));

        var difference = Assert.Single(found.Differences);
        Assert.Equal("Webhooks", difference.Column);
        Assert.StartsWith("(hidden, ", difference.ShouldBe, StringComparison.Ordinal);
        Assert.NotEqual(difference.Is, difference.ShouldBe);
    }

    [Fact]
    public async Task Only_the_requested_account_is_compared()
    {
        await using var services = await InstalledAsync(azurite);
        await ChangeAsync(services, "1", row => row["Status"] = "stopped");
        await services.ProjectAsync(Ids.Minute(1), NotificationBody.Of("installed", OtherAccount));

        Assert.Empty(await RebuildAsync(services, account: OtherAccount.ToString()));
        Assert.Single(await RebuildAsync(services, account: Account.ToString()));
    }

    [Fact]
    public async Task Account_with_an_unreadable_log_is_reported_and_unchanged()
    {
        await using var services = await InstalledAsync(azurite);
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
        await using var services = await InstalledAsync(azurite);
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

    internal static async Task<MaintenanceServices> InstalledAsync(AzuriteFixture azurite)
    {
        var services = await MaintenanceServices.StartAsync(azurite);
        await services.ProjectAsync(Ids.Minute(1), NotificationBody.Of("installed", Account, cycles: [CycleA, CycleB]));
        return services;
    }

    internal static Task<List<RebuiltAccount>> RebuildAsync(
        MaintenanceServices services, bool apply = false, string? account = null) =>
        services.Get<Rebuild>().RunAsync(account, apply, TimeSpan.Zero, null, Cancellation).ToListAsync(Cancellation).AsTask();

    internal static async Task<List<RawRow>> RowsAsync(MaintenanceServices services) =>
        await services.Get<InstallTable>().ReadRowsAsync(null, Cancellation).ToListAsync(Cancellation);

    internal static Task AddAsync(MaintenanceServices services, string rowKey, params (string Column, object Value)[] columns)
    {
        var row = new TableEntity(Account.ToString(), rowKey);
        foreach (var (column, value) in columns)
        {
            row[column] = value;
        }

        return services.Clients.Installs.AddEntityAsync(row, Cancellation);
    }

    internal static async Task ChangeAsync(MaintenanceServices services, string rowKey, Action<TableEntity> change)
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
