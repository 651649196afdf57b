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

    [Fact]
    public async Task Health_is_200_if_storage_responds()
    {
        await using var app = new TestApp(_storage);
        using var caller = await AcceptingTests.CallerAsync(app);

        Assert.Equal((HttpStatusCode.OK, """{"status":"healthy"}"""), await GetAsync(caller));
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

        Assert.Equal((HttpStatusCode.ServiceUnavailable, """{"status":"unhealthy"}"""), await GetAsync(caller));
    }

    [Fact]
    public async Task Health_result_is_cached_for_10_s()
    {
        await using var proxy = await FaultProxy.StartAsync(_storage, Cancellation);
        await using var app = new TestApp(
            proxy.ConnectionString, replace: services => services.AddSingleton<TimeProvider>(_time));
        using var caller = await AcceptingTests.CallerAsync(app);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(caller)).Status);
        using var broken = proxy.Break(Fault.Forbidden);

        _time.Advance(TimeSpan.FromSeconds(9.9));
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(caller)).Status);

        _time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await GetAsync(caller)).Status);
    }

    [Fact]
    public async Task Concurrent_health_requests_share_one_check()
    {
        await using var proxy = await FaultProxy.StartAsync(_storage, Cancellation);
        await using var app = new TestApp(proxy.ConnectionString);
        // A check that finds no queue is repeated, and must not be counted here.
        await app.Storage.CreateMissingAsync(Cancellation);
        var gate = new TaskCompletionSource();
        proxy.Before = async _ =>
        {
            await gate.Task;
            return null;
        };
        using var caller = await AcceptingTests.CallerAsync(app);

        var all = Task.WhenAll(Enumerable.Range(0, 20).Select(_ => GetAsync(caller)));
        await Wait.ForAsync("the first call", () => proxy.Calls.Any(call => call.Method == "GET"), Cancellation);
        gate.SetResult();

        Assert.All(await all, response => Assert.Equal(HttpStatusCode.OK, response.Status));
        Assert.Single(proxy.Calls, call => call is { Kind: StorageKind.Queue, Method: "GET" });
    }

    [Fact]
    public async Task Health_is_503_within_seconds_if_storage_hangs()
    {
        await using var proxy = await FaultProxy.StartAsync(_storage, Cancellation);
        using var hanging = proxy.Break(Fault.NoResponse);
        await using var app = new TestApp(
            proxy.ConnectionString, replace: services => services.AddSingleton<TimeProvider>(_time));
        using var caller = await AcceptingTests.CallerAsync(app);

        var response = GetAsync(caller);
        await Wait.ForAsync("the call that hangs", () => proxy.Calls.Count > 0, Cancellation);
        while (!response.IsCompleted)
        {
            _time.Advance(TimeSpan.FromSeconds(5));
            await Task.Yield();
        }

        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await response).Status);
    }

    private static async Task<(HttpStatusCode Status, string Body)> GetAsync(HttpClient caller)
    {
        using var response = await caller.GetAsync("/api/health", Cancellation);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(Cancellation));
    }
}
