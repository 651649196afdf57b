using System.Diagnostics;
using System.Net;
using MarketplaceWebhook.LocalHost;
using MarketplaceWebhook.Tests.Support;
using MarketplaceWebhook.Tests.Support.Faults;
using MarketplaceWebhook.Tests.Support.Histories;

namespace MarketplaceWebhook.EndToEndTests.Properties;

/// <summary>
/// Storage that throttles, fails, hangs, resets, rejects or is unavailable: callers get a response in time, and no dead letter.
/// </summary>
public sealed class StorageFaultTests(AzuriteFixture azurite, ITestOutputHelper output)
{
    private readonly string _storage = azurite.NewAccount();

    private static Dictionary<string, Fault> NamedFaults { get; } = new()
    {
        ["throttled 503"] = Fault.ServerBusy,
        ["throttled 429"] = Fault.TooManyRequests,
        ["failing 500"] = Fault.InternalError,
        ["forbidden 403"] = Fault.Forbidden,
        ["no response"] = Fault.NoResponse,
        ["broken connection"] = Fault.BrokenConnection,
    };

    [Fact]
    public async Task Caller_receives_503_with_Retry_After_within_10_seconds_of_a_storage_fault()
    {
        await using var application = await ProxiedApplication.StartAsync(_storage);
        foreach (var (name, fault) in NamedFaults)
        {
            using (application.Proxy.Break(fault, call => !call.IsOfHost))
            {
                await AssertUnavailableAsync(application, name, Notification(0).Body());
                await AssertUnavailableAsync(application, $"{name}, a rejection", "{}");
            }

            using var response = await application.PostAsync(Notification(0).Body());
            Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        }

        await application.Proxy.DisposeAsync();
        await AssertUnavailableAsync(application, "connection refused", Notification(0).Body());
    }

    [Fact]
    public async Task Projection_retries_a_fault_inside_its_invocation()
    {
        await using var application = await ProxiedApplication.StartAsync(_storage);
        var arrivals = new List<Arrival>();
        foreach (var (name, fault) in NamedFaults.Where(named => named.Value != Fault.Forbidden))
        {
            arrivals.Add(Notification(arrivals.Count));
            using (application.Proxy.Break(fault, call => call.Kind is StorageKind.Table))
            {
                var before = application.Proxy.Calls.Count(call => call.Kind is StorageKind.Table);
                await application.PutAsync(arrivals[^1]);
                // Two calls at once, each tried three times by the client library: the seventh is the projection's own second
                // attempt.
                await application.UntilAsync(
                    $"it tries again ({name})",
                    () => Task.FromResult(application.Proxy.Calls.Count(call => call.Kind is StorageKind.Table) >= before + 7));
            }

            await application.UntilQueuesAreEmptyAsync();
        }

        await application.AssertRowsAsync(arrivals);
        Assert.Equal(
            Enumerable.Repeat((1L, QueueOutcome.Completed), arrivals.Count),
            application.Events.OfType<QueueInvocation>().Select(invocation => (invocation.DequeueCount, invocation.Outcome)));
    }

    [Fact]
    public async Task Projection_without_write_access_fails_immediately_and_its_message_is_redelivered()
    {
        await using var application = await ProxiedApplication.StartAsync(_storage, new Dictionary<string, string?>
        {
            ["AzureFunctionsJobHost__extensions__queues__visibilityTimeout"] = "00:00:02",
        });
        var arrival = Notification(0);

        using (application.Proxy.Break(Fault.Forbidden, call => call.Kind is StorageKind.Table))
        {
            await application.PutAsync(arrival);
            await application.UntilAsync(
                "it failed", () => Task.FromResult(application.Events.OfType<QueueInvocation>().Any()));
        }

        await application.UntilQueuesAreEmptyAsync();
        Assert.Equal(
            [QueueOutcome.Failed, QueueOutcome.Completed],
            application.Events.OfType<QueueInvocation>().Select(invocation => invocation.Outcome));
        await application.AssertRowsAsync([arrival]);
    }

    [Fact]
    public Task Outage_of_seconds_dead_letters_nothing() => SurviveAsync(TimeSpan.FromSeconds(10));

    [Fact(Explicit = true)]
    public Task Outage_of_two_minutes_dead_letters_nothing() => SurviveAsync(TimeSpan.FromMinutes(2));

    /// <summary>
    /// All of storage, for the host and the application, with messages on the way; the settings are the product's own.
    /// </summary>
    private async Task SurviveAsync(TimeSpan outage)
    {
        await using var application = await ProxiedApplication.StartAsync(_storage, new Dictionary<string, string?>
        {
            ["AzureFunctionsJobHost__extensions__queues__visibilityTimeout"] = null,
            ["AzureFunctionsJobHost__extensions__queues__maxPollingInterval"] = null,
        });
        var arrivals = Enumerable.Range(0, 60).Select(Notification).ToList();
        // The host itself waits 100 s for a response: an immediate one lets the test end.
        Fault[] faults = [Fault.ServerBusy, Fault.TooManyRequests, Fault.InternalError, Fault.BrokenConnection, Fault.NoResponse];

        await Task.WhenAll(arrivals.Select(arrival => application.PutAsync(arrival)));
        var down = Stopwatch.StartNew();
        application.Proxy.Before = call => Task.FromResult(
            down.Elapsed < outage ? faults[call.Number % (call.IsOfHost ? faults.Length - 1 : faults.Length)] : null);
        await application.UntilQueuesAreEmptyAsync(timeLimit: outage + TimeSpan.FromMinutes(2));

        Assert.True(down.Elapsed > outage, "The messages were gone before the outage was over: it met none.");
        await application.AssertRowsAsync(arrivals);
        Assert.Empty(await Rows.ListAsync(application.Storage.DeadLetters, Cancellation));
        Assert.Empty(application.Events.OfType<MessagePoisoned>());
        output.WriteLine(
            $"Whole {down.Elapsed.TotalSeconds - outage.TotalSeconds:0.0} s after an outage of {outage.TotalSeconds:0} s");
    }

    private async Task AssertUnavailableAsync(ProxiedApplication application, string fault, string body)
    {
        var waited = Stopwatch.StartNew();
        using var response = await application.PostAsync(body);
        output.WriteLine($"{fault}: {(int)response.StatusCode} after {waited.Elapsed.TotalSeconds:0.0} s");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.True(waited.Elapsed < TimeSpan.FromSeconds(10), $"It took {waited.Elapsed}.");
        Assert.True(response.Headers.RetryAfter?.Delta > TimeSpan.Zero);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.Contains("notificationId", await response.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
    }

    private static Arrival Notification(int number) => new()
    {
        Millisecond = 1_790_000_000_000 + number,
        Counter = 0,
        Status = number % 4 == 3 ? "uninstalled" : "installed",
        Account = Guid.Empty,
        Package = 1 + (number % 7),
        Cycles = [new(new Guid(number % 3, 0, 0, new byte[8]), "Active", null, [])],
    };
}
