using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;
using MarketplaceWebhook.Tests.Support.Faults;

namespace MarketplaceWebhook.Tests.Storage;

public sealed class StorageClientsTests(AzuriteFixture azurite)
{
    private readonly string _storage = azurite.NewAccount();

    [Fact]
    public async Task Maintenance_reads_a_table_that_responds_after_5_s()
    {
        await using var proxy = await FaultProxy.StartAsync(_storage, Cancellation);
        await using var services = MaintenanceServices.On(proxy.ConnectionString);
        await services.Clients.CreateMissingAsync(Cancellation);
        Delay(proxy, TimeSpan.FromSeconds(5));

        Assert.Empty(await services.Get<StatusChangeLog>().ReadAsync(account: null, Cancellation).ToListAsync(Cancellation));

        Assert.Single(proxy.Calls, call => call.Operation == "Query Entities");
    }

    [Fact]
    public async Task Maintenance_retries_a_call_that_exceeds_its_time_limit()
    {
        await using var proxy = await FaultProxy.StartAsync(_storage, Cancellation);
        await using var services = MaintenanceServices.On(
            proxy.ConnectionString, new TimeLimits { Maintenance = TimeSpan.FromSeconds(1) });
        await services.Clients.CreateMissingAsync(Cancellation);
        var scans = 0;
        proxy.Before = call => Task.FromResult(call.Operation == "Query Entities" && ++scans < 4 ? Fault.NoResponse : null);

        Assert.Empty(await services.Get<StatusChangeLog>().ReadAsync(account: null, Cancellation).ToListAsync(Cancellation));

        Assert.Equal(4, scans);
    }

    private static void Delay(FaultProxy proxy, TimeSpan delay) => proxy.Before = async call =>
    {
        if (call.Operation == "Query Entities")
        {
            await Task.Delay(delay, Cancellation);
        }

        return null;
    };
}
