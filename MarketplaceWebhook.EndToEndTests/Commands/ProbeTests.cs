using MarketplaceWebhook.EndToEndTests.Application;
using MarketplaceWebhook.EndToEndTests.Support;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.EndToEndTests.Commands;

public sealed class ProbeTests(AzuriteFixture azurite)
{
    private readonly string _storage = azurite.NewAccount();

    [Fact]
    public async Task Probe_passes_through_the_application_and_prints_the_delay()
    {
        await using var host = await EndToEndHost.StartLocalAsync(_storage);

        using var probe = await CliProcess.RunAsync(_storage, "probe", "--url", Url(host, host.KeyInQuery));

        Assert.Equal(("", 0), (probe.Error, probe.ExitCode));
        Assert.Matches(
            "^Accepted as [0-9a-f-]{36}\\.\nIt is in StatusChanges, [0-9]+\\.[0-9] s after receipt\\.\n$", probe.Output);
        var row = Assert.Single(await Rows.ListAsync(host.Storage.StatusChanges, Cancellation));
        Assert.Equal("probe", row.GetString("Status"));
        Assert.Empty(await Rows.ListAsync(host.Storage.Installs, Cancellation));
    }

    [Fact]
    public async Task Probe_with_a_wrong_key_fails_without_printing_the_key()
    {
        await using var host = await EndToEndHost.StartLocalAsync(_storage);

        using var probe = await CliProcess.RunAsync(_storage, "probe", "--url", Url(host, "?code=a-wrong-one"));

        Assert.Equal((1, ""), (probe.ExitCode, probe.Output));
        Assert.Contains("401: the key is missing or wrong", probe.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("a-wrong-one", probe.Error, StringComparison.Ordinal);
    }

    private static string Url(EndToEndHost host, string query) => $"{host.Local.BaseAddress}api/cyclr/marketplace{query}";
}
