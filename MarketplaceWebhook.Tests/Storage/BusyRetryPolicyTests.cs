using System.Diagnostics;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;
using MarketplaceWebhook.Tests.Support.Faults;

namespace MarketplaceWebhook.Tests.Storage;

public sealed class BusyRetryPolicyTests(AzuriteFixture azurite)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(4);

    /// <summary>The first retries come after 0.2, 0.4, 0.8, 1.6 and 3.2 s.</summary>
    [Fact]
    public async Task Maintenance_waits_for_a_storage_that_is_busy_until_its_time_limit()
    {
        await using var proxy = await FaultProxy.StartAsync(azurite.NewAccount(), Cancellation);
        var log = LogOn(proxy, StorageProfile.Maintenance(new TimeLimits { Maintenance = Limit }));
        var calls = 0;
        proxy.Before = _ => Task.FromResult(++calls <= 5 ? Fault.ServerBusy : null);

        Assert.False(await log.ExistsAsync(Cancellation));

        Assert.Equal(6, calls);
    }

    [Fact]
    public async Task Maintenance_gives_up_when_storage_is_busy_for_longer()
    {
        await using var proxy = await FaultProxy.StartAsync(azurite.NewAccount(), Cancellation);
        var log = LogOn(proxy, StorageProfile.Maintenance(new TimeLimits { Maintenance = Limit }));
        using var busy = proxy.Break(Fault.ServerBusy);
        var started = Stopwatch.GetTimestamp();

        await Assert.ThrowsAnyAsync<Exception>(() => log.ExistsAsync(Cancellation));

        Assert.True(Stopwatch.GetElapsedTime(started) >= Limit);
        Assert.InRange(proxy.Calls.Count, 5, 7);
    }

    [Theory]
    [InlineData("maintenance, reset", 4)]
    [InlineData("primary, busy", 3)]
    public async Task Other_faults_and_uses_are_retried_a_fixed_number_of_times(string what, int calls)
    {
        await using var proxy = await FaultProxy.StartAsync(azurite.NewAccount(), Cancellation);
        var isMaintenance = what.StartsWith("maintenance", StringComparison.Ordinal);
        var log = LogOn(proxy, isMaintenance ? StorageProfile.Maintenance(new TimeLimits()) : StorageProfile.Primary);
        using var broken = proxy.Break(isMaintenance ? Fault.BrokenConnection : Fault.ServerBusy);

        await Assert.ThrowsAnyAsync<Exception>(() => log.ExistsAsync(Cancellation));

        Assert.Equal(calls, proxy.Calls.Count);
    }

    private static StatusChangeLog LogOn(FaultProxy proxy, StorageProfile profile) =>
        new(new StorageClients(StorageSettings.FromConnectionString(proxy.ConnectionString), profile));
}
