using Azure.Data.Tables;
using FsCheck.Fluent;
using MarketplaceWebhook.Projecting;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;
using MarketplaceWebhook.Tests.Support.Histories;
using static MarketplaceWebhook.Tests.Maintenance.RebuildTests;

namespace MarketplaceWebhook.Tests.Maintenance;

/// <summary>What `rebuild --apply` writes.</summary>
public sealed class RebuildRepairTests(AzuriteFixture azurite)
{
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
            services.Clients.Installs.AddEntityAsync(new TableEntity("ACME", "1") { ["Kind"] = "install" }, Cancellation),
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
        await using var services = await InstalledAsync(azurite);
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
        await using var services = await InstalledAsync(azurite);
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
}
