using System.Net;
using System.Text;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Receiving;
using MarketplaceWebhook.Tests.Support;
using MarketplaceWebhook.Tests.Support.Faults;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace MarketplaceWebhook.Tests.Fallback;

/// <summary>The primary storage fails; there is a fallback storage.</summary>
public sealed class NotificationSenderTests(AzuriteFixture azurite)
{
    private const string Path = "/api/cyclr/marketplace";

    private readonly string _storage = azurite.NewAccount();
    private readonly string _fallback = azurite.NewAccount();

    [Theory]
    [MemberData(nameof(UnavailableTests.Faults), MemberType = typeof(UnavailableTests))]
    public async Task Notification_that_the_primary_storage_rejects_is_sent_to_the_fallback(string fault)
    {
        await using var proxy = await FaultProxy.StartAsync(_storage, Cancellation);
        await using var app = NewApp(proxy.ConnectionString);
        using var caller = await AcceptingTests.CallerAsync(app);
        using var broken = proxy.Break(UnavailableTests.FaultOf(fault));
        var body = Bodies.Read("documented", "started");

        using var response = await caller.PostAsync(Path, AcceptingTests.Content(body), Cancellation);

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        var envelope = Assert.Single(await FallbackEnvelopesAsync(app));
        Assert.Equal((await response.JsonAsync(Cancellation)).Text("notificationId"), envelope.Id.ToString());
        Assert.Equal(Encoding.UTF8.GetString(body), envelope.Payload);
    }

    [Fact]
    public async Task Long_payload_is_stored_in_the_fallback_with_its_message()
    {
        await using var proxy = await FaultProxy.StartAsync(_storage, Cancellation);
        await using var app = NewApp(proxy.ConnectionString);
        using var caller = await AcceptingTests.CallerAsync(app);
        using var broken = proxy.Break(Fault.Forbidden);
        var body = Encoding.UTF8.GetBytes(Message.Body("started", $",\"Note\":\"{new string('x', 40_000)}\""));

        using var response = await caller.PostAsync(Path, AcceptingTests.Content(body), Cancellation);

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        var envelope = Assert.Single(await FallbackEnvelopesAsync(app));
        var payloads = app.Get<FallbackStorage>().Payloads;
        Assert.Equal(body, (await payloads.GetAsync(envelope.PayloadBlob!, Cancellation)).ToArray());
    }

    [Fact]
    public async Task Hanging_primary_storage_is_cancelled_after_half_of_the_time()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var proxy = await FaultProxy.StartAsync(_storage, Cancellation);
        await using var app = NewApp(
            proxy.ConnectionString, replace: services => services.AddSingleton<TimeProvider>(time));
        using var caller = await AcceptingTests.CallerAsync(app);
        using var hanging = proxy.Break(Fault.NoResponse);

        var sending = caller.PostAsync(Path, AcceptingTests.Content(Bodies.Read("documented", "started")), Cancellation);
        await Wait.ForAsync("the call that hangs", () => proxy.Calls.Count > 0, Cancellation);
        time.Advance(TimeSpan.FromSeconds(4.5));
        using var response = await sending;

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        Assert.Single(await FallbackEnvelopesAsync(app));
    }

    [Fact]
    public async Task Primary_storage_is_not_called_for_10_s_after_two_failures_and_then_probed()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var proxy = await FaultProxy.StartAsync(_storage, Cancellation);
        await using var app = NewApp(
            proxy.ConnectionString, replace: services => services.AddSingleton<TimeProvider>(time));
        using var caller = await AcceptingTests.CallerAsync(app);
        var broken = proxy.Break(Fault.Forbidden);
        await SendAsync(caller);
        await SendAsync(caller);
        var calls = CallsOfQueue();
        Assert.NotEqual(0, calls);

        await SendAsync(caller);
        Assert.Equal(calls, CallsOfQueue());
        Assert.Equal(3, (await FallbackEnvelopesAsync(app)).Count);

        broken.Dispose();
        time.Advance(TimeSpan.FromSeconds(10.1));
        await SendAsync(caller);
        await SendAsync(caller);
        Assert.Equal(3, (await FallbackEnvelopesAsync(app)).Count);
        Assert.Equal(2, (await app.EnvelopesAsync(Cancellation)).Count);

        int CallsOfQueue() => proxy.Calls.Count(call => call.Kind == StorageKind.Queue);
    }

    [Fact]
    public async Task Both_storages_failing_gives_503()
    {
        await using var proxy = await FaultProxy.StartAsync(_storage, Cancellation);
        await using var fallbackProxy = await FaultProxy.StartAsync(_fallback, Cancellation);
        await using var app = NewApp(proxy.ConnectionString, fallbackProxy.ConnectionString);
        using var caller = await AcceptingTests.CallerAsync(app);
        using var broken = proxy.Break(Fault.Forbidden);
        using var brokenToo = fallbackProxy.Break(Fault.Forbidden);

        using var response = await caller.PostAsync(
            Path, AcceptingTests.Content(Bodies.Read("documented", "started")), Cancellation);

        await UnavailableTests.AssertUnavailableAsync(response);
    }

    [Theory]
    [InlineData("forbidden 403")]
    [InlineData("no response")]
    public async Task Fallback_that_fails_does_not_keep_notifications_from_a_primary_storage_that_works_again(string fault)
    {
        await using var proxy = await FaultProxy.StartAsync(_storage, Cancellation);
        await using var fallbackProxy = await FaultProxy.StartAsync(_fallback, Cancellation);
        await using var app = NewApp(proxy.ConnectionString, fallbackProxy.ConnectionString);
        using var caller = await AcceptingTests.CallerAsync(app);
        using (proxy.Break(Fault.Forbidden))
        {
            await SendAsync(caller);
            await SendAsync(caller);
        }

        using var brokenToo = fallbackProxy.Break(fault == "no response" ? Fault.NoResponse : Fault.Forbidden);
        await SendAsync(caller);

        Assert.Single(await app.EnvelopesAsync(Cancellation));
    }

    [Fact]
    public async Task Rejected_body_that_the_primary_storage_does_not_store_gives_503()
    {
        await using var proxy = await FaultProxy.StartAsync(_storage, Cancellation);
        await using var app = NewApp(proxy.ConnectionString);
        using var caller = await AcceptingTests.CallerAsync(app);
        using var broken = proxy.Break(Fault.Forbidden);

        using var response = await caller.PostAsync(Path, AcceptingTests.Content("{}"u8.ToArray()), Cancellation);

        await UnavailableTests.AssertUnavailableAsync(response);
    }

    [Fact]
    public async Task Primary_account_as_the_fallback_means_off()
    {
        await using var proxy = await FaultProxy.StartAsync(_storage, Cancellation);
        await using var app = NewApp(proxy.ConnectionString, proxy.ConnectionString);
        using var caller = await AcceptingTests.CallerAsync(app);
        using var broken = proxy.Break(
            Fault.Forbidden, call => call.Resource.StartsWith(StorageNames.Queue, StringComparison.Ordinal));

        using var response = await caller.PostAsync(
            Path, AcceptingTests.Content(Bodies.Read("documented", "started")), Cancellation);

        await UnavailableTests.AssertUnavailableAsync(response);
    }

    [Fact]
    public void Invalid_fallback_setting_is_an_error_at_startup()
    {
        var error = Assert.Throws<SettingsException>(() => NewApp(_storage, "no connection string"));

        Assert.StartsWith("FallbackStorage is not a valid storage connection string.", error.Message, StringComparison.Ordinal);
    }

    private TestApp NewApp(string storage, string? fallback = null, Action<IServiceCollection>? replace = null) =>
        new(storage, new() { [StorageSettings.FallbackName] = fallback ?? _fallback }, replace);

    private static async Task SendAsync(HttpClient caller)
    {
        using var response = await caller.PostAsync(
            Path, AcceptingTests.Content(Bodies.Read("documented", "started")), Cancellation);
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
    }

    private static Task<List<Envelope>> FallbackEnvelopesAsync(TestApp app) =>
        app.Get<FallbackStorage>().Clients.EnvelopesAsync(Cancellation);
}
