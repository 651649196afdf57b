using System.Net;
using Azure.Core;
using Azure.Identity;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;
using MarketplaceWebhook.Tests.Support.Faults;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Moq;

namespace MarketplaceWebhook.Tests.Receiving;

public sealed class UnavailableTests(AzuriteFixture azurite)
{
    private const string Endpoint = "/api/cyclr/marketplace";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private readonly string _storage = azurite.NewAccount();

    public static TheoryData<string> Faults => ["busy", "throttled", "broken", "forbidden", "reset"];

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Storage_fault_gives_503_with_Retry_After(string fault)
    {
        await using var proxy = await FaultProxy.StartAsync(_storage, Cancellation);
        await using var app = new TestApp(proxy.ConnectionString);
        using var caller = await AcceptingTests.CallerAsync(app);
        using var broken = proxy.Break(FaultOf(fault));

        using var response = await caller.PostAsync(
            Endpoint, AcceptingTests.Content(Bodies.Read("documented", "started")), Cancellation);

        await AssertUnavailableAsync(response);
    }

    [Fact]
    public async Task Rejected_body_that_cannot_be_stored_receives_503()
    {
        await using var proxy = await FaultProxy.StartAsync(_storage, Cancellation);
        await using var app = new TestApp(proxy.ConnectionString);
        using var caller = await AcceptingTests.CallerAsync(app);
        using var broken = proxy.Break(Fault.ServerBusy, call => call.Kind == StorageKind.Table);

        using var response = await caller.PostAsync(Endpoint, AcceptingTests.Content("no json"u8.ToArray()), Cancellation);

        await AssertUnavailableAsync(response);
    }

    [Fact]
    public async Task Too_large_body_that_cannot_be_stored_receives_503()
    {
        await using var proxy = await FaultProxy.StartAsync(_storage, Cancellation);
        await using var app = new TestApp(proxy.ConnectionString);
        using var caller = await AcceptingTests.CallerAsync(app);
        using var broken = proxy.Break(Fault.ServerBusy, call => call.Kind == StorageKind.Table);

        using var response = await caller.PostAsync(Endpoint, AcceptingTests.Content(new byte[2 * 1024 * 1024]), Cancellation);

        await AssertUnavailableAsync(response);
    }

    [Fact]
    public async Task Missing_token_gives_503()
    {
        var credential = new Mock<TokenCredential>();
        credential.Setup(c => c.GetTokenAsync(It.IsAny<TokenRequestContext>(), It.IsAny<CancellationToken>()))
            .ThrowsAsync(new CredentialUnavailableException("Thrown by a test."));
        var clients = new StorageClients(StorageSettings.FromAccountName("nosuchaccount", credential.Object));
        await using var app = new TestApp(_storage, replace: services => services.AddSingleton(clients));
        using var caller = await AcceptingTests.CallerAsync(app);

        using var response = await caller.PostAsync(
            Endpoint, AcceptingTests.Content(Bodies.Read("documented", "started")), Cancellation);

        await AssertUnavailableAsync(response);
    }

    [Theory]
    [InlineData("started")]
    [InlineData("rejected")]
    public async Task Hanging_storage_gives_503_within_10_s(string body)
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var proxy = await FaultProxy.StartAsync(_storage, Cancellation);
        await using var app = new TestApp(proxy.ConnectionString, replace: services => services.AddSingleton<TimeProvider>(time));
        using var caller = await AcceptingTests.CallerAsync(app);
        await app.Storage.CreateMissingAsync(Cancellation);
        var calls = proxy.Calls.Count;
        using var hanging = proxy.Break(Fault.NoResponse);

        var sending = caller.PostAsync(
            Endpoint, AcceptingTests.Content(
                body == "started" ? Bodies.Read("documented", body) : "no json"u8.ToArray()), Cancellation);
        await Wait.ForAsync("the call that hangs", () => proxy.Calls.Count > calls, Cancellation);
        time.Advance(Limit - TimeSpan.FromSeconds(1));
        Assert.False(sending.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(1));
        using var response = await sending;

        await AssertUnavailableAsync(response);
    }

    [Fact]
    public async Task Storage_that_hangs_from_the_start_gives_503_in_time()
    {
        await using var proxy = await FaultProxy.StartAsync(_storage, Cancellation);
        using var hanging = proxy.Break(Fault.NoResponse);
        await using var app = new TestApp(proxy.ConnectionString, new() { ["TimeLimits:Receiving"] = "00:00:00.5" });
        using var caller = await AcceptingTests.CallerAsync(app);

        using var response = await caller.PostAsync(
            Endpoint, AcceptingTests.Content(Bodies.Read("documented", "started")), Cancellation);

        await AssertUnavailableAsync(response);
    }

    [Fact]
    public async Task Storage_that_recovers_in_time_gives_202()
    {
        await using var proxy = await FaultProxy.StartAsync(_storage, Cancellation);
        await using var app = new TestApp(proxy.ConnectionString);
        using var caller = await AcceptingTests.CallerAsync(app);
        var puts = 0;
        proxy.Before = call => Task.FromResult(call.Operation == "Put Message" && ++puts == 1 ? Fault.ServerBusy : null);

        using var response = await caller.PostAsync(
            Endpoint, AcceptingTests.Content(Bodies.Read("documented", "started")), Cancellation);

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        Assert.Single(await app.EnvelopesAsync(Cancellation));
    }

    [Fact]
    public async Task Put_without_a_response_gives_503_although_the_message_exists()
    {
        await using var proxy = await FaultProxy.StartAsync(_storage, Cancellation);
        await using var app = new TestApp(proxy.ConnectionString, new() { ["TimeLimits:Receiving"] = "00:00:02" });
        using var caller = await AcceptingTests.CallerAsync(app);
        await app.Storage.CreateMissingAsync(Cancellation);
        proxy.After = (call, _) => Task.FromResult<Fault?>(call.Operation == "Put Message" ? Fault.NoResponse : null);

        using var response = await caller.PostAsync(
            Endpoint, AcceptingTests.Content(Bodies.Read("documented", "started")), Cancellation);

        await AssertUnavailableAsync(response);
        Assert.Single(await app.EnvelopesAsync(Cancellation));
    }

    /// <summary>The circuit breaker is open: the primary storage is not called, and then the deadline ends.</summary>
    [Fact]
    public async Task Deadline_that_ends_while_the_circuit_breaker_rejects_gives_503()
    {
        var time = new TimeOfBreaker();
        await using var proxy = await FaultProxy.StartAsync(_storage, Cancellation);
        await using var app = new TestApp(
            proxy.ConnectionString, new() { [StorageSettings.FallbackName] = azurite.NewAccount() },
            services => services.AddSingleton<TimeProvider>(time));
        using var caller = await AcceptingTests.CallerAsync(app);
        using var broken = proxy.Break(Fault.Forbidden);
        foreach (var _ in Enumerable.Range(0, 2))
        {
            using var accepted = await caller.PostAsync(
                Endpoint, AcceptingTests.Content(Bodies.Read("documented", "started")), Cancellation);
            Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
        }

        time.EndsDeadline = true;
        using var response = await caller.PostAsync(
            Endpoint, AcceptingTests.Content(Bodies.Read("documented", "started")), Cancellation);

        await AssertUnavailableAsync(response);
        Assert.False(time.EndsDeadline);
    }

    internal static async Task AssertUnavailableAsync(HttpResponseMessage response)
    {
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(30), response.Headers.RetryAfter?.Delta);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
        var problem = await response.JsonAsync(Cancellation);
        Assert.Equal(["title", "status", "detail", "notificationId"], problem.Names());
        Assert.Equal(("Service Unavailable", 503), (problem.Text("title"), problem.GetProperty("status").GetInt32()));
    }

    internal static Fault FaultOf(string name) => name switch
    {
        "busy" => Fault.ServerBusy,
        "throttled" => Fault.TooManyRequests,
        "broken" => Fault.InternalError,
        "forbidden" => Fault.Forbidden,
        _ => Fault.BrokenConnection,
    };

    /// <summary>The receiver's deadline ends when the time is read next: by the circuit breaker.</summary>
    private sealed class TimeOfBreaker() : FakeTimeProvider(DateTimeOffset.UtcNow)
    {
        private static readonly TimeSpan Deadline = new TimeLimits().Receiving;
        private bool _hasBegun;

        public bool EndsDeadline { get; set; }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            _hasBegun |= EndsDeadline && dueTime == Deadline;
            return base.CreateTimer(callback, state, dueTime, period);
        }

        public override DateTimeOffset GetUtcNow()
        {
            if (_hasBegun)
            {
                (_hasBegun, EndsDeadline) = (false, false);
                Advance(Deadline);
            }

            return base.GetUtcNow();
        }
    }
}
