using MarketplaceWebhook.EndToEndTests.Support;
using MarketplaceWebhook.Tests.Support;
using MarketplaceWebhook.Tests.Support.Faults;

namespace MarketplaceWebhook.EndToEndTests.Commands;

public sealed class WaitingTests(AzuriteFixture azurite)
{
    [Fact]
    public async Task Command_that_waits_longer_than_3_s_for_storage_says_so_once()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        await using var proxy = await FaultProxy.StartAsync(services.ConnectionString, Cancellation);
        using var fault = proxy.Break(Fault.NoResponse);
        using var cli = CliProcess.Start(proxy.ConnectionString, "show", "X");

        await Wait.ForAsync("the remark", () => cli.Waiting.Length > 0, Cancellation);

        Assert.Matches("^Waiting for 127.0.0.1:[0-9]+ to respond ...\n$", cli.Waiting);
    }

    [Fact]
    public async Task Reconcile_says_what_it_waits_for_while_it_repeats_calls_that_are_not_connected()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        var cyclr = await CyclrStandIn.StartAsync();
        var environment = cyclr.Environment;
        await cyclr.DisposeAsync();
        using var cli = CliProcess.Start(services.ConnectionString, environment, ["reconcile"]);

        await Wait.ForAsync("the remark", () => cli.Waiting.Length > 0, Cancellation);

        Assert.StartsWith("Waiting for ", cli.Waiting, StringComparison.Ordinal);
    }
}
