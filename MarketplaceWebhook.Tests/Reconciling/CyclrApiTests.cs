using System.Globalization;
using MarketplaceWebhook.Reconciling;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.Tests.Reconciling;

public sealed class CyclrApiTests : IAsyncLifetime
{
    private readonly InstantDelays _time = new();
    private CyclrStandIn _cyclr = null!;
    private CyclrApi _api = null!;

    public async ValueTask InitializeAsync()
    {
        _cyclr = await CyclrStandIn.StartAsync();
        _api = new CyclrApi(
            CyclrSettingsTests.Read(CyclrStandIn.ClientId, CyclrStandIn.ClientSecret, _cyclr.BaseUrl), _time);
    }

    public async ValueTask DisposeAsync()
    {
        _api.Dispose();
        await _cyclr.DisposeAsync();
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(CyclrApi.PageSize - 1, 1)]
    [InlineData(CyclrApi.PageSize, 2)]
    [InlineData((2 * CyclrApi.PageSize) + 1, 3)]
    public async Task All_pages_are_read_until_a_short_one(int count, int pages)
    {
        _cyclr.Accounts.AddRange(Enumerable.Range(0, count).Select(n => new StandInAccount($"account {n}")));

        var accounts = await AccountsAsync();

        Assert.Equal(_cyclr.Accounts.Select(account => account.ApiId), accounts);
        Assert.Equal(
            Enumerable.Range(1, pages).Select(page => $"?page={page}&pageSize={CyclrApi.PageSize}"),
            _cyclr.Requests.Where(request => request.Path == "/v1.0/accounts").Select(request => request.Query));
    }

    [Fact]
    public async Task Page_that_repeats_is_the_last()
    {
        _cyclr.Accounts.AddRange(Enumerable.Range(0, CyclrApi.PageSize).Select(n => new StandInAccount($"account {n}")));
        _cyclr.RepeatsPages = true;

        Assert.Equal(CyclrApi.PageSize, (await AccountsAsync()).Count);
        Assert.Equal(2, _cyclr.Requests.Count(request => request.Path == "/v1.0/accounts"));
    }

    [Theory]
    [InlineData("Acme & Co / #1?")]
    [InlineData("Ünïcode 顧客")]
    public async Task Account_is_sent_as_it_is(string apiId)
    {
        var cycle = new StandInCycle(Guid.NewGuid());
        _cyclr.Add(apiId, cycle);

        Assert.Equal(cycle.CycleId.ToString(), Assert.Single(await CyclesAsync(apiId)).Id);
        Assert.Equal(apiId, _cyclr.Requests.Last().Account);
    }

    [Theory]
    [InlineData(" Acme")]
    [InlineData("Acme\r\nX-Other: 1")]
    public async Task Account_that_a_header_cannot_hold_is_not_accessible_and_not_sent(string apiId)
    {
        var failure = await Assert.ThrowsAsync<CyclrException>(() => CyclesAsync(apiId));

        Assert.Equal(CyclrFailure.NotAccessible, failure.Failure);
        Assert.Empty(_cyclr.Requests);
    }

    [Theory]
    [InlineData(400)]
    [InlineData(403)]
    [InlineData(404)]
    public async Task Other_4xx_of_an_account_is_not_accessible_and_not_retried(int status)
    {
        _cyclr.Before = request => request.Path == "/v1.0/cycles" ? (status, null) : null;

        var failure = await Assert.ThrowsAsync<CyclrException>(() => CyclesAsync("Acme"));

        Assert.Equal(
            (CyclrFailure.NotAccessible, $"Cyclr responded with {status} to GET /cycles."), (failure.Failure, failure.Message));
        Assert.Single(_cyclr.Requests, request => request.Path == "/v1.0/cycles");
    }

    [Fact]
    public async Task Denied_list_of_accounts_fails()
    {
        _cyclr.Before = request => request.Path == "/v1.0/accounts" ? (403, null) : null;

        var failure = await Assert.ThrowsAsync<CyclrException>(AccountsAsync);

        Assert.Equal((CyclrFailure.OfRun, "Cyclr responded with 403 to GET /accounts."), (failure.Failure, failure.Message));
    }

    [Fact]
    public async Task Cycle_is_found_by_its_id_or_gone()
    {
        var cycle = new StandInCycle(Guid.NewGuid(), "template", "Paused", 2);
        _cyclr.Add("Acme", cycle);

        Assert.Equal(
            new CyclrCycle(cycle.CycleId.ToString(), "Paused", "template", 2),
            await _api.FindCycleAsync("Acme", cycle.CycleId, Cancellation));
        Assert.Null(await _api.FindCycleAsync("Acme", Guid.NewGuid(), Cancellation));
    }

    [Fact]
    public async Task Token_is_used_until_it_expires_and_renewed_once()
    {
        _cyclr.Add("Acme");
        await CyclesAsync("Acme");
        await CyclesAsync("Acme");
        _cyclr.ExpireTokens();
        await CyclesAsync("Acme");

        Assert.Equal(
            ["/oauth/token", "/v1.0/cycles", "/v1.0/cycles", "/v1.0/cycles", "/oauth/token", "/v1.0/cycles"],
            _cyclr.Requests.Select(request => request.Path));
    }

    [Fact]
    public async Task New_token_that_is_not_accepted_fails()
    {
        _cyclr.Before = request => request.Path == "/v1.0/cycles" ? (401, null) : null;

        var failure = await Assert.ThrowsAsync<CyclrException>(() => CyclesAsync("Acme"));

        Assert.Equal((CyclrFailure.OfRun, "Cyclr did not accept a new token (401)."), (failure.Failure, failure.Message));
        Assert.Equal(2, _cyclr.Requests.Count(request => request.Path == "/oauth/token"));
    }

    [Fact]
    public async Task Wrong_credentials_fail_without_being_repeated_in_the_message()
    {
        using var api = new CyclrApi(CyclrSettingsTests.Read("wrong-id", "wrong-secret", _cyclr.BaseUrl), _time);

        var failure = await Assert.ThrowsAsync<CyclrException>(
            async () => await api.ReadAccountsAsync(Cancellation).ToListAsync(Cancellation));

        Assert.Equal("Cyclr did not accept CYCLR_CLIENT_ID and CYCLR_CLIENT_SECRET (401).", failure.Message);
        Assert.DoesNotContain("wrong-", failure.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0", 0)]
    [InlineData("7", 7)]
    [InlineData("86400", 300)]
    public async Task Retry_After_is_waited_for_within_limits(string retryAfter, int seconds)
    {
        var failures = 1;
        _cyclr.Before = request => request.Path == "/v1.0/accounts" && failures-- > 0 ? (429, retryAfter) : null;

        await AccountsAsync();

        Assert.Equal([TimeSpan.FromSeconds(seconds)], _time.Delays.Where(delay => seconds > 0).DefaultIfEmpty(TimeSpan.Zero));
    }

    [Fact]
    public async Task Retry_After_can_be_a_time()
    {
        var failures = 1;
        var at = DateTimeOffset.UtcNow.AddSeconds(60).ToString("R", CultureInfo.InvariantCulture);
        _cyclr.Before = request => request.Path == "/v1.0/accounts" && failures-- > 0 ? (503, at) : null;

        await AccountsAsync();

        Assert.InRange(Assert.Single(_time.Delays), TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(60));
    }

    [Theory]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(503)]
    public async Task Failing_request_is_retried_a_bounded_number_of_times_with_growing_delays(int status)
    {
        _cyclr.Before = request => request.Path == "/v1.0/cycles" ? (status, null) : null;

        var failure = await Assert.ThrowsAsync<CyclrException>(() => CyclesAsync("Acme"));

        Assert.Equal(
            (CyclrFailure.OfAccount, $"Cyclr responded with {status} to GET /cycles."), (failure.Failure, failure.Message));
        Assert.Equal([1, 2, 4, 8, 16], _time.Delays.Select(delay => delay.TotalSeconds));
        Assert.Equal(1 + CyclrApi.MaxRetries, _cyclr.Requests.Count(request => request.Path == "/v1.0/cycles"));
    }

    [Fact]
    public async Task Redirect_is_not_followed()
    {
        _cyclr.Before = _ => (307, null);

        var failure = await Assert.ThrowsAsync<CyclrException>(AccountsAsync);

        Assert.StartsWith("Cyclr responded with 307 to POST /oauth/token", failure.Message, StringComparison.Ordinal);
        Assert.Single(_cyclr.Requests);
    }

    [Fact]
    public async Task Undocumented_response_fails_with_one_line()
    {
        _cyclr.Before = request => request.Path == "/v1.0/accounts" ? (200, null) : null;

        Assert.Equal(
            "Cyclr's response to GET /accounts is not as documented: check CYCLR_BASE_URL.",
            (await Assert.ThrowsAsync<CyclrException>(AccountsAsync)).Message);
    }

    [Fact]
    public async Task Undocumented_response_for_an_account_is_a_failure_of_the_account()
    {
        _cyclr.Before = request => request.Path == "/v1.0/cycles" ? (200, null) : null;

        var failure = await Assert.ThrowsAsync<CyclrException>(() => CyclesAsync("Acme"));

        Assert.Equal(
            (CyclrFailure.OfAccount, "Cyclr's response to GET /cycles is not as documented: check CYCLR_BASE_URL."),
            (failure.Failure, failure.Message));
    }

    [Fact]
    public async Task Unreachable_API_fails_with_one_line()
    {
        using var api = new CyclrApi(CyclrSettingsTests.Read("id", "s3cret", "http://127.0.0.1:1"), _time);

        var failure = await Assert.ThrowsAsync<CyclrException>(
            async () => await api.ReadAccountsAsync(Cancellation).ToListAsync(Cancellation));

        Assert.StartsWith("Cyclr cannot be reached (", failure.Message, StringComparison.Ordinal);
        Assert.Equal(CyclrApi.MaxRetries, _time.Delays.Count);
    }

    private async Task<List<string>> AccountsAsync() => await _api.ReadAccountsAsync(Cancellation).ToListAsync(Cancellation);

    private async Task<List<CyclrCycle>> CyclesAsync(string account) =>
        await _api.ReadCyclesAsync(account, Cancellation).ToListAsync(Cancellation);
}
