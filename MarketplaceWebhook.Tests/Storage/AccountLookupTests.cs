using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;
using MarketplaceWebhook.Tests.Support.Faults;

namespace MarketplaceWebhook.Tests.Storage;

public sealed class AccountLookupTests(AzuriteFixture azurite)
{
    private static readonly Guid One = new("aaaaaaaa-0000-0000-0000-000000000001");
    private static readonly Guid Two = new("bbbbbbbb-0000-0000-0000-000000000002");

    [Theory]
    [InlineData("aaaaaaaa-0000-0000-0000-000000000001")]
    [InlineData("{AAAAAAAA-0000-0000-0000-000000000001}")]
    [InlineData("aaaaaaaa000000000000000000000001")]
    [InlineData("Ünïcode 東京 'or' PartitionKey ne '' / \\ # ?")]
    public async Task Account_is_found_by_either_id(string name)
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        await services.ProjectAsync(
            Ids.Minute(1), NotificationBody.Of("installed", One, apiId: "Ünïcode 東京 'or' PartitionKey ne '' / \\ # ?"));
        await services.ProjectAsync(Ids.Minute(2), NotificationBody.Of("installed", Two, apiId: "another"));

        Assert.Equal([One], (await services.Get<AccountLookup>().FindAsync(name, Cancellation)).Ids);
    }

    [Fact]
    public async Task Shared_AccountApiId_finds_every_account_and_an_unknown_one_none()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        await services.ProjectAsync(Ids.Minute(1), NotificationBody.Of("installed", Two, apiId: "shared"));
        await services.ProjectAsync(Ids.Minute(2), NotificationBody.Of("installed", One, apiId: "shared"));

        Assert.Equal([One, Two], (await services.Get<AccountLookup>().FindAsync("shared", Cancellation)).Ids);
        Assert.Empty((await services.Get<AccountLookup>().FindAsync("Shared", Cancellation)).Ids);
        Assert.Empty((await services.Get<AccountLookup>().FindAsync(Guid.NewGuid().ToString(), Cancellation)).Ids);
    }

    [Fact]
    public async Task AccountApiId_that_looks_like_a_GUID_is_found()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        await services.ProjectAsync(Ids.Minute(1), NotificationBody.Of("installed", One, apiId: Two.ToString()));

        Assert.Equal([One], (await services.Get<AccountLookup>().FindAsync(Two.ToString(), Cancellation)).Ids);
    }

    [Fact]
    public async Task Account_that_is_only_in_the_log_is_found_by_its_AccountApiId()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        await services.ProjectAsync(Ids.Minute(1), NotificationBody.Of(NotificationBody.Unknown, One, apiId: "only logged"));

        Assert.Equal([One], (await services.Get<AccountLookup>().FindAsync("only logged", Cancellation)).Ids);
    }

    [Fact]
    public async Task Account_is_found_through_the_index_without_reading_all_installs()
    {
        var storage = azurite.NewAccount();
        await using var proxy = await FaultProxy.StartAsync(storage, Cancellation);
        await using var services = MaintenanceServices.On(proxy.ConnectionString);
        await services.Clients.CreateMissingAsync(Cancellation);
        await services.ProjectAsync(Ids.Minute(1), NotificationBody.Of("installed", One, apiId: "customer/42"));
        await services.ProjectAsync(Ids.Minute(2), NotificationBody.Of("installed", Two, apiId: "another"));
        var before = proxy.Calls.Count;

        var found = await services.Get<AccountLookup>().FindAsync("customer/42", Cancellation);

        Assert.Equal([One], found.Ids);
        Assert.False(found.IsNotIndexed);
        Assert.Equal(2, proxy.Calls.Count - before);
    }

    [Fact]
    public async Task Account_that_the_index_lacks_is_found_and_reported_as_not_indexed()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        await services.ProjectAsync(Ids.Minute(1), NotificationBody.Of("installed", One, apiId: "customer-42"));
        await services.Clients.Accounts.DeleteAsync(Cancellation);

        var found = await services.Get<AccountLookup>().FindAsync("customer-42", Cancellation);

        Assert.Equal([One], found.Ids);
        Assert.True(found.IsNotIndexed);
    }

    [Fact]
    public async Task Row_of_the_index_for_a_former_AccountApiId_does_not_hide_the_account_that_has_it_now()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        await services.ProjectAsync(Ids.Minute(1), NotificationBody.Of("installed", One, apiId: "moved"));
        await services.ProjectAsync(Ids.Minute(2), NotificationBody.Of("installed", One, apiId: "another"));
        await services.ProjectAsync(Ids.Minute(3), NotificationBody.Of("installed", Two, apiId: "moved"));

        Assert.Equal([Two], (await services.Get<AccountLookup>().FindAsync("moved", Cancellation)).Ids);
    }

    [Fact]
    public async Task Scan_finds_the_accounts_that_the_index_lacks_too()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        await services.ProjectAsync(Ids.Minute(1), NotificationBody.Of("installed", One, apiId: "shared"));
        await services.ProjectAsync(Ids.Minute(2), NotificationBody.Of("installed", Two, apiId: "shared"));
        await services.Clients.Accounts.DeleteEntityAsync("shared", Two.ToString(), cancellationToken: Cancellation);

        Assert.Equal([One], (await services.Get<AccountLookup>().FindAsync("shared", Cancellation)).Ids);
        Assert.Equal([One, Two], await services.Get<AccountLookup>().ScanAsync("shared", Cancellation));
    }
}
