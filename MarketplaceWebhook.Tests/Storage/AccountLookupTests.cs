using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.Tests.Storage;

public sealed class AccountsTests(AzuriteFixture azurite)
{
    private static readonly Guid One = new("aaaaaaaa-0000-0000-0000-000000000001");
    private static readonly Guid Two = new("bbbbbbbb-0000-0000-0000-000000000002");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

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

        Assert.Equal([One], await services.Get<AccountLookup>().FindAsync(name, Token));
    }

    [Fact]
    public async Task Shared_AccountApiId_finds_every_account_and_an_unknown_one_none()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        await services.ProjectAsync(Ids.Minute(1), NotificationBody.Of("installed", Two, apiId: "shared"));
        await services.ProjectAsync(Ids.Minute(2), NotificationBody.Of("installed", One, apiId: "shared"));

        Assert.Equal([One, Two], await services.Get<AccountLookup>().FindAsync("shared", Token));
        Assert.Empty(await services.Get<AccountLookup>().FindAsync("Shared", Token));
        Assert.Empty(await services.Get<AccountLookup>().FindAsync(Guid.NewGuid().ToString(), Token));
    }

    [Fact]
    public async Task AccountApiId_that_looks_like_a_GUID_is_found()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        await services.ProjectAsync(Ids.Minute(1), NotificationBody.Of("installed", One, apiId: Two.ToString()));

        Assert.Equal([One], await services.Get<AccountLookup>().FindAsync(Two.ToString(), Token));
    }

    [Fact]
    public async Task Account_that_is_only_in_the_log_is_found_by_its_AccountApiId()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        await services.ProjectAsync(Ids.Minute(1), NotificationBody.Of("paused", One, apiId: "only logged"));

        Assert.Equal([One], await services.Get<AccountLookup>().FindAsync("only logged", Token));
    }
}
