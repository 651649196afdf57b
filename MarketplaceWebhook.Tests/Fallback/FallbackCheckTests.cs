using Azure.Storage.Queues.Models;
using MarketplaceWebhook.Fallback;
using MarketplaceWebhook.Maintenance;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Receiving;
using MarketplaceWebhook.Tests.Support;
using MarketplaceWebhook.Tests.Support.Faults;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace MarketplaceWebhook.Tests.Fallback;

public sealed class FallbackCheckTests(AzuriteFixture azurite)
{
    private readonly string _storage = azurite.NewAccount();
    private readonly string _fallback = azurite.NewAccount();

    [Fact]
    public async Task Receipt_checks_the_fallback_and_leaves_nothing_there()
    {
        await using var app = NewApp();
        using var caller = await AcceptingTests.CallerAsync(app);

        using var response = await caller.PostAsync(
            "/api/cyclr/marketplace", AcceptingTests.Content(Bodies.Read("documented", "started")), Cancellation);

        Assert.Null((await ResultAsync(app)).Fault);
        var fallback = app.Get<FallbackStorage>();
        Assert.Equal(0, (await CountAsync(fallback.Clients)).ApproximateMessagesCount);
        var blob = Assert.Single(await fallback.Payloads.ReadAsync(Cancellation).ToListAsync(Cancellation));
        Assert.Equal("owner", blob.Name);
    }

    [Fact]
    public async Task Health_check_finds_a_missing_role_at_most_every_5_minutes()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var proxy = await FaultProxy.StartAsync(_fallback, Cancellation);
        await using var app = NewApp(proxy.ConnectionString, services => services.AddSingleton<TimeProvider>(time));
        using var caller = await AcceptingTests.CallerAsync(app);
        using var broken = proxy.Break(Fault.Forbidden, call => call.Kind == StorageKind.Queue);

        using var first = await caller.GetAsync("/api/health", Cancellation);
        var failed = await ResultAsync(app);
        broken.Dispose();
        time.Advance(TimeSpan.FromMinutes(4.9));
        using var second = await caller.GetAsync("/api/health", Cancellation);
        time.Advance(TimeSpan.FromMinutes(0.2));
        using var third = await caller.GetAsync("/api/health", Cancellation);
        var ok = await Wait.ForAsync(
            "the next check", () => FallbackCheckResult.FindAsync(app.Storage, Cancellation), result => result?.Fault is null,
            Cancellation);

        Assert.Equal("RequestFailedException 403 AuthorizationFailure", failed.Fault);
        Assert.Equal(TimeSpan.FromMinutes(5.1), ok!.At - failed.At);
    }

    [Fact]
    public async Task Message_of_a_check_that_was_not_deleted_is_not_moved()
    {
        await using var app = NewApp();
        await app.Storage.CreateMissingAsync(Cancellation);

        await app.Get<FallbackMover>().MoveAsync(FallbackStorage.CheckText, Cancellation);

        Assert.Equal(0, (await CountAsync(app.Storage)).ApproximateMessagesCount);
    }

    [Fact]
    public async Task Result_of_a_check_stays_in_an_erase_and_a_purge()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        var result = new FallbackCheckResult(Ids.Start, "why not");
        await result.WriteAsync(services.Clients, Cancellation);

        await services.Get<Purge>().RunAsync(DateTimeOffset.UtcNow, dryRun: false, TimeSpan.Zero, Cancellation);
        await services.Get<Erasure>().RunAsync(Guid.NewGuid(), TimeSpan.Zero, Cancellation);

        Assert.Equal(result, await FallbackCheckResult.FindAsync(services.Clients, Cancellation));
    }

    [Fact]
    public async Task Deployment_with_the_fallback_of_another_one_does_not_start()
    {
        await using (var first = NewApp())
        {
            await first.ListenAsync(Cancellation);
        }

        await using var again = NewApp();
        await again.ListenAsync(Cancellation);
        await using var second = new TestApp(azurite.NewAccount(), new() { [StorageSettings.FallbackName] = _fallback });

        var error = await Assert.ThrowsAsync<SettingsException>(() => second.ListenAsync(Cancellation));

        var queues = new StorageClients(StorageSettings.FromConnectionString(_storage)).Queue.Uri;
        Assert.StartsWith("The fallback storage test", error.Message, StringComparison.Ordinal);
        Assert.Contains(
            $" is that of the deployment with the storage localhost:{queues.Port}/{queues.Segments[1].Trim('/')}: each deployment "
                + "needs its own.", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("forbidden 403")]
    [InlineData("no response")]
    public async Task Fallback_that_fails_does_not_keep_the_application_from_starting(string fault)
    {
        await using var proxy = await FaultProxy.StartAsync(_fallback, Cancellation);
        using var broken = proxy.Break(fault == "no response" ? Fault.NoResponse : Fault.Forbidden);
        await using var app = NewApp(proxy.ConnectionString);

        await app.ListenAsync(Cancellation);
    }

    private TestApp NewApp(string? fallback = null, Action<IServiceCollection>? replace = null) =>
        new(_storage, new() { [StorageSettings.FallbackName] = fallback ?? _fallback }, replace);

    private static async Task<FallbackCheckResult> ResultAsync(TestApp app) => (await Wait.ForAsync(
        "the result of a check", () => FallbackCheckResult.FindAsync(app.Storage, Cancellation), result => result is not null,
        Cancellation))!;

    private static async Task<QueueProperties> CountAsync(StorageClients clients) =>
        await clients.Queue.GetPropertiesAsync(Cancellation);
}
