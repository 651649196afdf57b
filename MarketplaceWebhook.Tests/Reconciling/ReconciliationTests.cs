using Azure.Data.Tables;
using MarketplaceWebhook.Reconciling;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;
using MarketplaceWebhook.Tests.Support.Faults;

namespace MarketplaceWebhook.Tests.Reconciling;

/// <summary>
/// Accounts a, b … have the AccountIds aaaaaaaa-…, bbbbbbbb-… and these names as API ids, unless a test changes them.
/// </summary>
public sealed class ReconciliationTests(AzuriteFixture azurite) : IAsyncLifetime
{
    private const string Template = "eeeeeeee-0000-0000-0000-000000000001";

    private CyclrStandIn _cyclr = null!;
    private CyclrApi _api = null!;
    private MaintenanceServices _services = null!;
    private int _minute;

    public async ValueTask InitializeAsync()
    {
        _cyclr = await CyclrStandIn.StartAsync();
        _api = new CyclrApi(
            CyclrSettingsTests.Read(CyclrStandIn.ClientId, CyclrStandIn.ClientSecret, _cyclr.BaseUrl), new InstantDelays());
        _services = await MaintenanceServices.StartAsync(azurite);
    }

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        _api.Dispose();
        await _cyclr.DisposeAsync();
    }

    [Fact]
    public async Task Each_kind_of_difference_is_a_row()
    {
        await NotifyAsync("installed", 'a', cycles: [Cycle(1), Cycle(2), Cycle(3), Cycle(4)]);
        await NotifyAsync("installed", 'b');
        _cyclr.Add(
            "a", new StandInCycle(Cycle(1), Template), new StandInCycle(Cycle(2), Template, "Paused"),
            new StandInCycle(Cycle(3), Template, Errors: 7), new StandInCycle(Cycle(5), "of no package", "Paused", 1));
        _cyclr.Accounts.Add(new StandInAccount("b") { IsAccessible = false });
        _cyclr.Add("only Cyclr has it", new StandInCycle(Cycle(6), Template));
        var installs = await _services.InstallsAsync();

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
        Assert.Equal(installs, await _services.InstallsAsync());
        Assert.Equal(1, _cyclr.MaxConcurrentRequests);
    }

    [Fact]
    public async Task Row_has_the_ids_the_reason_and_the_time()
    {
        await NotifyAsync("installed", 'a', cycles: [Cycle(1)]);
        _cyclr.Add("a", new StandInCycle(Cycle(1), Template, "Paused"));

        await RunAsync();

        var row = Assert.Single(await RowsAsync(), row => row.PartitionKey != "run");
        Assert.Equal(
            ("unexpected-status", "a", 1L, Cycle(1).ToString(), Template, "The status differs from the one that was reported."),
            (row.GetString("Kind"), row.GetString("AccountApiId"), row.GetInt64("PackageId")!.Value, row.GetString("CycleId"),
                row.GetString("TemplateId"), row.GetString("Detail")));
        Assert.Equal(DateTimeOffset.UtcNow, row.GetDateTimeOffset("CheckedAt")!.Value, TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task Account_that_agrees_has_no_row_and_the_run_is_recorded()
    {
        await NotifyAsync("installed", 'a', cycles: [Cycle(1)]);
        _cyclr.Add("a", new StandInCycle(Cycle(1), Template));

        await RunAsync();

        var run = Assert.Single(await RowsAsync());
        Assert.Equal(
            ("run", "last", 1, 0),
            (run.PartitionKey, run.RowKey, run.GetInt32("Accounts")!.Value, run.GetInt32("Differences")!.Value));
        Assert.True(run.GetDateTimeOffset("StartedAt") <= run.GetDateTimeOffset("FinishedAt"));
    }

    [Fact]
    public async Task Account_without_an_API_id_is_compared_under_its_AccountId()
    {
        await NotifyAsync("installed", 'a', apiId: null, cycles: [Cycle(1)]);
        _cyclr.Accounts.Add(new StandInAccount("a") { AccountId = new Guid(Account('a')), Cycles = [new(Cycle(1), Errors: 1)] });

        await RunAsync(Account('a'));

        Assert.Equal([$"{Account('a')} cycle-errors_1_{Cycle(1)}: 0 1"], await DifferencesAsync());
        Assert.Equal(Account('a'), _cyclr.Requests.Last().Account);
    }

    [Fact]
    public async Task Account_whose_API_id_is_its_AccountId_is_compared_once()
    {
        await NotifyAsync("installed", 'a', apiId: null, cycles: [Cycle(1)]);
        _cyclr.Add(Account('a').ToUpperInvariant(), new StandInCycle(Cycle(1), Template));

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
        _cyclr.Add("present", new StandInCycle(Cycle(1), Template));

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
        _cyclr.Add("same", new StandInCycle(Cycle(2), Template));

        await RunAsync();

        Assert.Equal([$"{Account('a')} missing-cycle_1_{Cycle(1)}:  "], await DifferencesAsync());
    }

    [Fact]
    public async Task Cycle_that_is_not_listed_but_found_by_its_id_is_compared()
    {
        await NotifyAsync("installed", 'a', cycles: [Cycle(1)]);
        _cyclr.Add("a", new StandInCycle(Cycle(1), Template, Errors: 1) { IsListed = false });

        await RunAsync();

        Assert.Equal([$"{Account('a')} cycle-errors_1_{Cycle(1)}: 0 1"], await DifferencesAsync());
    }

    [Fact]
    public async Task Row_in_Installs_that_cannot_be_read_does_not_hide_the_others()
    {
        await NotifyAsync("installed", 'a', cycles: [Cycle(1), Cycle(2)]);
        await _services.Clients.Installs.UpsertEntityAsync(
            new TableEntity(Account('a'), TableKeys.Cycle(1, Cycle(1))) { ["CycleId"] = 5 }, cancellationToken: Cancellation);
        await _services.Clients.Installs.UpsertEntityAsync(new TableEntity("edited", "by hand"), cancellationToken: Cancellation);
        _cyclr.Add("a");

        await RunAsync();

        Assert.Equal([$"{Account('a')} missing-cycle_1_{Cycle(2)}:  "], await DifferencesAsync());
    }

    [Fact]
    public async Task Rows_of_an_account_are_replaced_when_it_is_compared_again()
    {
        await NotifyAsync("installed", 'a', cycles: [Cycle(1)]);
        var account = _cyclr.Add("a", new StandInCycle(Cycle(1), Template, "Paused"));
        await RunAsync();

        account.Cycles[0] = new StandInCycle(Cycle(1), Template, Errors: 2);
        await RunAsync();

        Assert.Equal([$"{Account('a')} cycle-errors_1_{Cycle(1)}: 0 2"], await DifferencesAsync());
    }

    [Fact]
    public async Task Complete_run_removes_the_rows_of_accounts_that_are_gone_and_no_other_run_does()
    {
        await NotifyAsync("installed", 'a', cycles: [Cycle(1)]);
        _cyclr.Add("a", new StandInCycle(Cycle(1), Template));
        foreach (var partition in (string[])[Account('0'), ReconciliationKeys.UnknownAccount("gone"), Account('f')])
        {
            await _services.Get<ReconciliationTable>().ReplaceAsync(
                partition, null,
                [new() { Kind = DifferenceKind.NotAccessible, Detail = "" }, new() { Kind = DifferenceKind.MissingCycle, Detail = "" }],
                Ids.Start, Cancellation);
        }

        await RunAsync("a");
        await RunAsync(after: Account('0'));
        Assert.Equal(6, (await DifferencesAsync()).Count);
        await RunAsync();

        Assert.Empty(await DifferencesAsync());
        Assert.Equal("last", Assert.Single(await RowsAsync()).RowKey);
    }

    [Theory]
    [InlineData(500, "Cyclr responded with 500 to GET /cycles.")]
    [InlineData(429, "Cyclr responded with 429 to GET /cycles.")]
    [InlineData(200, "Cyclr's response to GET /cycles is not as documented: check CYCLR_BASE_URL.")]
    public async Task Account_that_fails_has_a_row_with_the_reason_and_the_next_ones_are_compared(int status, string reason)
    {
        foreach (var name in "abc")
        {
            await NotifyAsync("installed", name, cycles: [Cycle(name)]);
            _cyclr.Add($"{name}", new StandInCycle(Cycle(name), Template, Errors: 1));
        }

        _cyclr.Before = request => request.Account == "b" ? (status, "0") : null;

        var compared = await RunAsync();

        Assert.Equal([true, false, true], compared.Select(account => account.IsCompared));
        Assert.Equal(
            [
                $"{Account('a')} cycle-errors_1_{Cycle('a')}: 0 1", $"{Account('b')} not-compared:  ",
                $"{Account('c')} cycle-errors_1_{Cycle('c')}: 0 1",
            ],
            await DifferencesAsync());
        var row = Assert.Single(await RowsAsync(), row => row.RowKey == "not-compared");
        Assert.Equal(
            ("not-compared", "b", reason),
            (row.GetString("Kind"), row.GetString("AccountApiId"), row.GetString("Detail")));
        Assert.True((await RowsAsync()).Single(run => run.PartitionKey == "run").ContainsKey("FinishedAt"));
    }

    [Fact]
    public async Task Ten_failures_in_a_row_end_the_run_which_is_continued_after_the_last_account_that_was_compared()
    {
        foreach (var number in Enumerable.Range(10, 13))
        {
            _cyclr.Add($"{number}");
        }

        var keys = _cyclr.Accounts.Select(account => ReconciliationKeys.UnknownAccount(account.ApiId))
            .Order(StringComparer.Ordinal).ToList();
        var failing = _cyclr.Accounts.Select(account => account.ApiId)
            .Where(id => keys.IndexOf(ReconciliationKeys.UnknownAccount(id)) is 0 or (>= 2 and <= 11)).ToHashSet();
        _cyclr.Before = request => failing.Contains(request.Account!) ? (500, "0") : null;
        var compared = new List<ReconciledAccount>();

        var failure = await Assert.ThrowsAsync<CyclrException>(async () =>
        {
            await foreach (var account in Start(account: null, after: null))
            {
                compared.Add(account);
            }
        });
        var cutOff = (await RowsAsync()).Single(row => row.PartitionKey == "run");
        _cyclr.Before = _ => null;
        var rest = await RunAsync(after: compared.Last(account => account.IsCompared).Key);

        Assert.Equal(
            $"10 accounts in a row could not be compared, the last of them {keys[11]}: Cyclr responded with 500 to GET /cycles.",
            failure.Message);
        Assert.Equal(12, compared.Count);
        Assert.False(cutOff.ContainsKey("FinishedAt"));
        Assert.Equal(keys.Skip(2), rest.Select(account => account.Key));
        Assert.Equal([$"{keys[0]} not-compared:  "], await DifferencesAsync());
        var run = (await RowsAsync()).Single(row => row.PartitionKey == "run");
        Assert.Equal(
            (11, 0, $"Continued after account {keys[1]}."),
            (run.GetInt32("Accounts")!.Value, run.GetInt32("Differences")!.Value, run.GetString("Detail")));
    }

    [Fact]
    public async Task Failing_token_ends_the_run_with_the_account()
    {
        await NotifyAsync("installed", 'a');
        _cyclr.Add("a");
        _cyclr.Before = request => request.Account == "a" ? (401, null) : null;

        var failure = await Assert.ThrowsAsync<CyclrException>(() => RunAsync());

        Assert.Equal($"Account {Account('a')}: Cyclr did not accept a new token (401).", failure.Message);
    }

    [Theory]
    [InlineData(403, "not-accessible")]
    [InlineData(410, "missing-cycle")]
    public async Task Response_for_one_cycle_concerns_that_cycle(int status, string kind)
    {
        await NotifyAsync("installed", 'a', cycles: [Cycle(1), Cycle(2)]);
        _cyclr.Add("a", new StandInCycle(Cycle(1), Template, Errors: 1));
        _cyclr.Before = request => request.Path.EndsWith($"{Cycle(2)}", StringComparison.Ordinal) ? (status, null) : null;

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
        _cyclr.Add("a", new(Cycle(2), Template, "Paused"), new(Cycle(4), Template), new(Cycle(5), Template), new(Cycle(6)));

        await RunAsync();

        Assert.Equal([$"{Account('a')} live-after-uninstall_1_{Cycle(2)}:  Paused"], await DifferencesAsync());
    }

    [Fact]
    public async Task Live_cycle_of_an_uninstalled_package_is_not_a_missed_install_too()
    {
        await NotifyAsync("installed", 'b', cycles: [Cycle(9)]);
        await NotifyAsync("installed", 'a', cycles: [Cycle(1)]);
        await NotifyAsync("uninstalled", 'a');
        _cyclr.Add("a", new StandInCycle(Cycle(1), Template));
        _cyclr.Add("b", new StandInCycle(Cycle(9), Template));

        await RunAsync();

        Assert.Equal([$"{Account('a')} live-after-uninstall_1_{Cycle(1)}:  Active"], await DifferencesAsync());
    }

    [Fact]
    public async Task Replacing_cut_off_after_any_write_is_completed_by_the_next_one()
    {
        await using var proxy = await FaultProxy.StartAsync(_services.ConnectionString, Cancellation);
        await using var cut = MaintenanceServices.On(proxy.ConnectionString);
        var (former, next) = (Differences(0, 250), Differences(200, 450));
        for (var cutOff = 1; ; cutOff++)
        {
            await ReplaceAsync(_services, former);
            using var killed = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
            var writes = 0;
            proxy.After = async (call, _) =>
            {
                if (call.Operation != "Entity Group Transaction" || Interlocked.Increment(ref writes) != cutOff)
                {
                    return null;
                }

                await killed.CancelAsync();
                return Fault.BrokenConnection;
            };
            try
            {
                await cut.Get<ReconciliationTable>().ReplaceAsync(Account('a'), "a", next, Ids.Start, killed.Token);
                Assert.Equal(6, cutOff);
                break;
            }
            catch (OperationCanceledException) when (!Cancellation.IsCancellationRequested)
            {
            }

            await ReplaceAsync(_services, next);
            Assert.Equal(250, (await RowsAsync()).Count);
        }

        static ReconciliationDifference[] Differences(int from, int to) =>
            [.. Enumerable.Range(from, to - from).Select(n => new ReconciliationDifference
            {
                Kind = DifferenceKind.MissingCycle,
                PackageId = 1,
                CycleId = Cycle(n),
                Detail = "",
            })];

        static Task ReplaceAsync(MaintenanceServices services, ReconciliationDifference[] differences) =>
            services.Get<ReconciliationTable>().ReplaceAsync(Account('a'), "a", differences, Ids.Start, Cancellation);
    }

    [Fact]
    public async Task Unknown_account_is_not_compared_and_stores_nothing()
    {
        await NotifyAsync("installed", 'a');
        _cyclr.Add("a");

        Assert.Empty(await RunAsync("x"));
        Assert.Empty(await RowsAsync());
    }

    private static string Account(char name) => $"{new string(name, 8)}-0000-0000-0000-000000000001";

    private static Guid Cycle(int number) => new($"cccccccc-0000-0000-0000-{number:x12}");

    private Task NotifyAsync(
        string status, char account, string? apiId = "", long package = 1, IEnumerable<Guid>? cycles = null) =>
        _services.ProjectAsync(
            Ids.Minute(++_minute),
            NotificationBody.Of(
                status, new Guid(Account(account)), package, apiId == "" ? $"{account}" : apiId, cycles, template: Template));

    private IAsyncEnumerable<ReconciledAccount> Start(string? account, string? after) =>
        _services.Get<Reconciliation>().RunAsync(_api, account, after, Cancellation);

    private async Task<List<ReconciledAccount>> RunAsync(string? account = null, string? after = null) =>
        await Start(account, after).ToListAsync(Cancellation);

    private Task<List<TableEntity>> RowsAsync() => Rows.ListAsync(_services.Clients.Reconciliations, Cancellation);

    private async Task<List<string>> DifferencesAsync() =>
        [.. (await RowsAsync()).Where(row => row.PartitionKey != "run").Select(row =>
            $"{row.PartitionKey} {row.RowKey}: {row.GetString("Expected")} {row.GetString("Actual")}")];
}
