using MarketplaceWebhook.Reconciling;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;
using MarketplaceWebhook.Tests.Support.Faults;

namespace MarketplaceWebhook.Tests.Reconciling;

/// <summary>Runs over accounts: stored rows, failures, and continued runs.</summary>
public sealed class ReconciliationRunTests(AzuriteFixture azurite) : ComparedAccounts(azurite)
{
    [Fact]
    public async Task Account_that_agrees_has_no_row_and_the_run_is_recorded()
    {
        await NotifyAsync("installed", 'a', cycles: [Cycle(1)]);
        Cyclr.Add("a", new StandInCycle(Cycle(1), Template));

        await RunAsync();

        var run = Assert.Single(await RowsAsync());
        Assert.Equal(
            ("run", "last", 1, 0),
            (run.PartitionKey, run.RowKey, run.GetInt32("Accounts")!.Value, run.GetInt32("Differences")!.Value));
        Assert.True(run.GetDateTimeOffset("StartedAt") <= run.GetDateTimeOffset("FinishedAt"));
    }

    [Fact]
    public async Task Rows_of_an_account_are_replaced_when_it_is_compared_again()
    {
        await NotifyAsync("installed", 'a', cycles: [Cycle(1)]);
        var account = Cyclr.Add("a", new StandInCycle(Cycle(1), Template, "Paused"));
        await RunAsync();

        account.Cycles[0] = new StandInCycle(Cycle(1), Template, Errors: 2);
        await RunAsync();

        Assert.Equal([$"{Account('a')} cycle-errors_1_{Cycle(1)}: 0 2"], await DifferencesAsync());
    }

    [Fact]
    public async Task Complete_run_removes_the_rows_of_accounts_that_are_gone_and_no_other_run_does()
    {
        await NotifyAsync("installed", 'a', cycles: [Cycle(1)]);
        Cyclr.Add("a", new StandInCycle(Cycle(1), Template));
        foreach (var partition in (string[])[Account('0'), ReconciliationKeys.UnknownAccount("gone"), Account('f')])
        {
            await Services.Get<ReconciliationTable>().ReplaceAsync(
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
            Cyclr.Add($"{name}", new StandInCycle(Cycle(name), Template, Errors: 1));
        }

        Cyclr.Before = request => request.Account == "b" ? (status, "0") : null;

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
            Cyclr.Add($"{number}");
        }

        var keys = Cyclr.Accounts.Select(account => ReconciliationKeys.UnknownAccount(account.ApiId))
            .Order(StringComparer.Ordinal).ToList();
        var failing = Cyclr.Accounts.Select(account => account.ApiId)
            .Where(id => keys.IndexOf(ReconciliationKeys.UnknownAccount(id)) is 0 or (>= 2 and <= 11)).ToHashSet();
        Cyclr.Before = request => failing.Contains(request.Account!) ? (500, "0") : null;
        var compared = new List<ReconciledAccount>();

        var failure = await Assert.ThrowsAsync<CyclrException>(async () =>
        {
            await foreach (var account in Start(account: null, after: null))
            {
                compared.Add(account);
            }
        });
        var cutOff = (await RowsAsync()).Single(row => row.PartitionKey == "run");
        Cyclr.Before = _ => null;
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
        Cyclr.Add("a");
        Cyclr.Before = request => request.Account == "a" ? (401, null) : null;

        var failure = await Assert.ThrowsAsync<CyclrException>(() => RunAsync());

        Assert.Equal($"Account {Account('a')}: Cyclr did not accept a new token (401).", failure.Message);
    }

    [Fact]
    public async Task Replacing_cut_off_after_any_write_is_completed_by_the_next_one()
    {
        await using var proxy = await FaultProxy.StartAsync(Services.ConnectionString, Cancellation);
        await using var cut = MaintenanceServices.On(proxy.ConnectionString);
        var (former, next) = (Differences(0, 250), Differences(200, 450));
        for (var cutOff = 1; ; cutOff++)
        {
            await ReplaceAsync(Services, former);
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

            await ReplaceAsync(Services, next);
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
        Cyclr.Add("a");

        Assert.Empty(await RunAsync("x"));
        Assert.Empty(await RowsAsync());
    }
}
