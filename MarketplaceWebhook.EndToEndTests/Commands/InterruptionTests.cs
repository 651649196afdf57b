using MarketplaceWebhook.EndToEndTests.Support;
using MarketplaceWebhook.Tests.Support;
using MarketplaceWebhook.Tests.Support.Faults;

namespace MarketplaceWebhook.EndToEndTests.Commands;

public sealed class InterruptionTests(AzuriteFixture azurite)
{
    private static readonly Guid Compared = new("aaaaaaaa-0000-0000-0000-000000000001");
    private static readonly Guid Next = new("bbbbbbbb-0000-0000-0000-000000000002");

    [Fact]
    public async Task Command_that_is_interrupted_reports_that_it_was_cancelled()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "A signal for POSIX systems.");
        await using var services = await MaintenanceServices.StartAsync(azurite);
        await using var proxy = await FaultProxy.StartAsync(services.ConnectionString, Cancellation);
        using var fault = proxy.Break(Fault.NoResponse);
        using var cli = CliProcess.Start(proxy.ConnectionString, "deadletters");
        await Wait.ForAsync("a storage call", () => proxy.Calls.Count > 0, Cancellation);

        cli.Terminate();
        await cli.WaitForExitAsync();

        Assert.Equal((1, "Cancelled."), (cli.ExitCode, cli.Error.TrimEnd('\n').Split('\n')[^1]));
    }

    [Fact]
    public async Task Reconcile_that_is_interrupted_prints_how_to_continue()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "A signal for POSIX systems.");
        await using var services = await MaintenanceServices.StartAsync(azurite);
        await services.ProjectAsync(Ids.Minute(1), NotificationBody.Of("installed", Compared, apiId: "Compared"));
        await services.ProjectAsync(Ids.Minute(2), NotificationBody.Of("installed", Next, apiId: "Next"));
        await using var cyclr = await CyclrStandIn.StartAsync();
        cyclr.Add("Compared");
        cyclr.Add("Next");
        cyclr.Before = request => request.Account == "Next" ? (429, "60") : null;
        using var cli = CliProcess.Start(services.ConnectionString, cyclr.Environment, ["reconcile", "--json"]);
        await Wait.ForAsync("the wait", () => cyclr.Requests.Any(request => request.Account == "Next"), Cancellation);

        cli.Terminate();
        await cli.WaitForExitAsync();

        Assert.Equal((1, ""), (cli.ExitCode, cli.Output));
        Assert.EndsWith(
            $"Stopped after account {Compared}. `reconcile --after {Compared}` continues.\nCancelled.\n", cli.Error,
            StringComparison.Ordinal);
    }
}
