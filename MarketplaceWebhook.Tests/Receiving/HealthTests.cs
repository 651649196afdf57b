using System.Net;
using MarketplaceWebhook.Tests.Support;
using MarketplaceWebhook.Tests.Support.Faults;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace MarketplaceWebhook.Tests.Receiving;

public sealed class HealthTests(AzuriteFixture azurite)
{
    private readonly string _storage = azurite.NewAccount();
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Health_is_200_if_storage_responds()
    {
        await using var app = new TestApp(_storage);
        using var caller = await AcceptingTests.CallerAsync(app);

        Assert.Equal((HttpStatusCode.OK, """{"status":"healthy"}"""), await AskAsync(caller));
    }

    [Theory]
    [InlineData(StorageKind.Queue)]
    [InlineData(StorageKind.Table)]
    [InlineData(StorageKind.Blob)]
    public async Task Health_is_503_without_details_if_a_service_fails(StorageKind kind)
    {
        await using var proxy = await FaultProxy.StartAsync(_storage, Cancellation);
        await using var app = new TestApp(proxy.ConnectionString);
        using var caller = await AcceptingTests.CallerAsync(app);
        using var broken = proxy.Break(Fault.Forbidden, call => call.Kind == kind);

        Assert.Equal((HttpStatusCode.ServiceUnavailable, """{"status":"unhealthy"}"""), await AskAsync(caller));
    }

    [Fact]
    public async Task Health_result_is_cached_for_10_s()
    {
        await using var proxy = await FaultProxy.StartAsync(_storage, Cancellation);
        await using var app = new TestApp(
            proxy.ConnectionString, replace: services => services.AddSingleton<TimeProvider>(_time));
        using var caller = await AcceptingTests.CallerAsync(app);
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(caller)).Status);
        using var broken = proxy.Break(Fault.Forbidden);

        _time.Advance(TimeSpan.FromSeconds(9.9));
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(caller)).Status);

        _time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await AskAsync(caller)).Status);
    }

    [Fact]
    public async Task Concurrent_health_requests_share_one_check()
    {
        await using var proxy = await FaultProxy.StartAsync(_storage, Cancellation);
        await using var app = new TestApp(proxy.ConnectionString);
        // A check that finds no queue is made twice: that is not what is counted here.
        await app.Storage.CreateMissingAsync(Cancellation);
        var gate = new TaskCompletionSource();
        proxy.Before = async _ =>
        {
            await gate.Task;
            return null;
        };
        using var caller = await AcceptingTests.CallerAsync(app);

        var all = Task.WhenAll(Enumerable.Range(0, 20).Select(_ => AskAsync(caller)));
        await Wait.ForAsync("the first call", () => proxy.Calls.Any(call => call.Method == "GET"), Cancellation);
        gate.SetResult();

        Assert.All(await all, answer => Assert.Equal(HttpStatusCode.OK, answer.Status));
        Assert.Single(proxy.Calls, call => call is { Kind: StorageKind.Queue, Method: "GET" });
    }

    [Fact]
    public async Task Health_is_503_within_seconds_if_storage_hangs()
    {
        await using var proxy = await FaultProxy.StartAsync(_storage, Cancellation);
        using var hanging = proxy.Break(Fault.NoAnswer);
        await using var app = new TestApp(
            proxy.ConnectionString, replace: services => services.AddSingleton<TimeProvider>(_time));
        using var caller = await AcceptingTests.CallerAsync(app);

        var asked = AskAsync(caller);
        await Wait.ForAsync("the call that hangs", () => proxy.Calls.Count > 0, Cancellation);
        while (!asked.IsCompleted)
        {
            _time.Advance(TimeSpan.FromSeconds(5));
            await Task.Yield();
        }

        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await asked).Status);
    }

    private static async Task<(HttpStatusCode Status, string Body)> AskAsync(HttpClient caller)
    {
        using var answer = await caller.GetAsync("/api/health", Cancellation);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancellation));
    }
}
