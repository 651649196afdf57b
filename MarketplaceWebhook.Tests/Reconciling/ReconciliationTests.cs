using Azure.Data.Tables;
using MarketplaceWebhook.Reconciling;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.Tests.Reconciling;

/// <summary>What is a difference, and what not.</summary>
public sealed class ReconciliationTests(AzuriteFixture azurite) : ComparedAccounts(azurite)
{
    [Fact]
    public async Task Each_kind_of_difference_is_a_row()
    {
        await NotifyAsync("installed", 'a', cycles: [Cycle(1), Cycle(2), Cycle(3), Cycle(4)]);
        await NotifyAsync("installed", 'b');
        Cyclr.Add(
            "a", new StandInCycle(Cycle(1), Template), new StandInCycle(Cycle(2), Template, "Paused"),
            new StandInCycle(Cycle(3), Template, Errors: 7), new StandInCycle(Cycle(5), "of no package", "Paused", 1));
        Cyclr.Accounts.Add(new StandInAccount("b") { IsAccessible = false });
        Cyclr.Add("only Cyclr has it", new StandInCycle(Cycle(6), Template));
        var installs = await Services.InstallsAsync();

        var compared = await RunAsync();

        var unknown = ReconciliationKeys.UnknownAccount("only Cyclr has it");
        Assert.Equal(
            [
                $"{Account('a')} cycle-errors_1_{Cycle(3)}: 0 7",
                $"{Account('a')} missing-cycle_1_{Cycle(4)}:  ",
                $"{Account('a')} unexpected-status_1_{Cycle(2)}: Active Paused",
                $"{unknown} possible-missed-install_{Template}:  ",
                $"{Account('b')} not-accessible:  ",
            ],
            (await DifferencesAsync()).Order(StringComparer.Ordinal).OrderBy(row => row[0] == 'b'));
        Assert.Equal([(Account('a'), 1, 3), (unknown, 2, 3), (Account('b'), 3, 3)],
            compared.Select(one => (one.Key, one.Number, one.Total)));
        Assert.Equal(installs, await Services.InstallsAsync());
        Assert.Equal(1, Cyclr.MaxConcurrentRequests);
    }

    [Fact]
    public async Task Row_has_the_ids_the_reason_and_the_time()
    {
        await NotifyAsync("installed", 'a', cycles: [Cycle(1)]);
        Cyclr.Add("a", new StandInCycle(Cycle(1), Template, "Paused"));

        await RunAsync();

        var row = Assert.Single(await RowsAsync(), row => row.PartitionKey != "run");
        Assert.Equal(
            ("unexpected-status", "a", 1L, Cycle(1).ToString(), Template, "The status differs from the one that was reported."),
            (row.GetString("Kind"), row.GetString("AccountApiId"), row.GetInt64("PackageId")!.Value, row.GetString("CycleId"),
                row.GetString("TemplateId"), row.GetString("Detail")));
        Assert.Equal(DateTimeOffset.UtcNow, row.GetDateTimeOffset("CheckedAt")!.Value, TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task Account_without_an_API_id_is_compared_under_its_AccountId()
    {
        await NotifyAsync("installed", 'a', apiId: null, cycles: [Cycle(1)]);
        Cyclr.Accounts.Add(new StandInAccount("a") { AccountId = new Guid(Account('a')), Cycles = [new(Cycle(1), Errors: 1)] });

        await RunAsync(Account('a'));

        Assert.Equal([$"{Account('a')} cycle-errors_1_{Cycle(1)}: 0 1"], await DifferencesAsync());
        Assert.Equal(Account('a'), Cyclr.Requests.Last().Account);
    }

    [Fact]
    public async Task Account_whose_API_id_is_its_AccountId_is_compared_once()
    {
        await NotifyAsync("installed", 'a', apiId: null, cycles: [Cycle(1)]);
        Cyclr.Add(Account('a').ToUpperInvariant(), new StandInCycle(Cycle(1), Template));

        Assert.Equal((Account('a'), Account('a').ToUpperInvariant()), Single(await RunAsync()));

        static (string, string?) Single(List<ReconciledAccount> compared) =>
            Assert.Single(compared.Select(one => (one.Key, one.ApiId)));
    }

    [Fact]
    public async Task Latest_API_id_of_the_account_is_used()
    {
        await NotifyAsync("installed", 'a', apiId: "former", package: 9);
        await NotifyAsync("installed", 'a', apiId: "present", cycles: [Cycle(1)]);
        await NotifyAsync(NotificationBody.Unknown, 'a', apiId: null, package: 10);
        await NotifyAsync("stopped", 'a', apiId: null, package: 5);
        Cyclr.Add("present", new StandInCycle(Cycle(1), Template));

        var compared = Assert.Single(await RunAsync("former"));

        Assert.Equal((Account('a'), "present", 0), (compared.Key, compared.ApiId, compared.Differences.Count));
    }

    [Fact]
    public async Task Account_that_was_recreated_under_its_API_id_has_missing_cycles_but_no_missed_install()
    {
        await NotifyAsync("installed", 'a', apiId: "same", cycles: [Cycle(1)]);
        await NotifyAsync("stopped", 'a', apiId: "same", package: 2);
        await NotifyAsync("uninstalled", 'b', apiId: "same");
        await NotifyAsync("installed", 'b', apiId: "same", cycles: [Cycle(2)]);
        await NotifyAsync("uninstalled", 'c', apiId: "same");
        Cyclr.Add("same", new StandInCycle(Cycle(2), Template));

        await RunAsync();

        Assert.Equal([$"{Account('a')} missing-cycle_1_{Cycle(1)}:  "], await DifferencesAsync());
    }

    [Fact]
    public async Task Cycle_that_is_not_listed_but_found_by_its_id_is_compared()
    {
        await NotifyAsync("installed", 'a', cycles: [Cycle(1)]);
        Cyclr.Add("a", new StandInCycle(Cycle(1), Template, Errors: 1) { IsListed = false });

        await RunAsync();

        Assert.Equal([$"{Account('a')} cycle-errors_1_{Cycle(1)}: 0 1"], await DifferencesAsync());
    }

    [Fact]
    public async Task Row_in_Installs_that_cannot_be_read_does_not_hide_the_others()
    {
        await NotifyAsync("installed", 'a', cycles: [Cycle(1), Cycle(2)]);
        await Services.Clients.Installs.UpsertEntityAsync(
            new TableEntity(Account('a'), TableKeys.Cycle(1, Cycle(1))) { ["CycleId"] = 5 }, cancellationToken: Cancellation);
        await Services.Clients.Installs.UpsertEntityAsync(new TableEntity("edited", "by hand"), cancellationToken: Cancellation);
        Cyclr.Add("a");

        await RunAsync();

        Assert.Equal([$"{Account('a')} missing-cycle_1_{Cycle(2)}:  "], await DifferencesAsync());
    }

    [Theory]
    [InlineData(403, "not-accessible")]
    [InlineData(410, "missing-cycle")]
    public async Task Response_for_one_cycle_concerns_that_cycle(int status, string kind)
    {
        await NotifyAsync("installed", 'a', cycles: [Cycle(1), Cycle(2)]);
        Cyclr.Add("a", new StandInCycle(Cycle(1), Template, Errors: 1));
        Cyclr.Before = request => request.Path.EndsWith($"{Cycle(2)}", StringComparison.Ordinal) ? (status, null) : null;

        await RunAsync();

        Assert.Equal(
            [$"{Account('a')} cycle-errors_1_{Cycle(1)}: 0 1", $"{Account('a')} {kind}_1_{Cycle(2)}:  "],
            await DifferencesAsync());
    }

    [Fact]
    public async Task Cycle_that_is_live_after_the_uninstall_of_its_package_is_reported()
    {
        await NotifyAsync("installed", 'a', cycles: [Cycle(1), Cycle(2), Cycle(3)]);
        await NotifyAsync("uninstalled", 'a', cycles: [Cycle(1)]);
        await NotifyAsync("installed", 'a', package: 2, cycles: [Cycle(4)]);
        await NotifyAsync("installed", 'a', cycles: [Cycle(5)]);
        Cyclr.Add("a", new(Cycle(2), Template, "Paused"), new(Cycle(4), Template), new(Cycle(5), Template), new(Cycle(6)));

        await RunAsync();

        Assert.Equal([$"{Account('a')} live-after-uninstall_1_{Cycle(2)}:  Paused"], await DifferencesAsync());
    }

    [Fact]
    public async Task Live_cycle_of_an_uninstalled_package_is_not_a_missed_install_too()
    {
        await NotifyAsync("installed", 'b', cycles: [Cycle(9)]);
        await NotifyAsync("installed", 'a', cycles: [Cycle(1)]);
        await NotifyAsync("uninstalled", 'a');
        Cyclr.Add("a", new StandInCycle(Cycle(1), Template));
        Cyclr.Add("b", new StandInCycle(Cycle(9), Template));

        await RunAsync();

        Assert.Equal([$"{Account('a')} live-after-uninstall_1_{Cycle(1)}:  Active"], await DifferencesAsync());
    }
}
