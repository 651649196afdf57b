using System.Collections.Concurrent;
using System.Text;
using Azure.Storage.Queues;
using MarketplaceWebhook.EndToEndTests.Application;
using MarketplaceWebhook.LocalHost;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;
using MarketplaceWebhook.Tests.Support.Faults;
using MarketplaceWebhook.Tests.Support.Histories;

namespace MarketplaceWebhook.EndToEndTests.Properties;

/// <summary>The built application behind the local host, with a proxy that breaks its storage.</summary>
internal sealed class ProxiedApplication : IAsyncDisposable
{
    private readonly EndToEndHost _host;
    private readonly ConcurrentQueue<HostEvent> _events;

    private ProxiedApplication(
        EndToEndHost host, FaultProxy proxy, FaultProxy? fallbackProxy, ConcurrentQueue<HostEvent> events) =>
        (_host, Proxy, FallbackProxy, _events) = (host, proxy, fallbackProxy, events);

    public FaultProxy Proxy { get; }

    /// <summary>Null without a fallback storage.</summary>
    public FaultProxy? FallbackProxy { get; }

    /// <summary>The real storage, without the proxy.</summary>
    public StorageClients Storage => _host.Storage;

    public IEnumerable<HostEvent> Events => _events;

    /// <param name="settings">Over the application's own; a message that failed comes back at once unless they say
    /// otherwise.</param>
    /// <param name="fallback">The fallback storage, if there is one.</param>
    public static async Task<ProxiedApplication> StartAsync(
        string storage, IReadOnlyDictionary<string, string?>? settings = null, string? fallback = null)
    {
        var proxy = await FaultProxy.StartAsync(storage, Cancellation);
        var fallbackProxy = fallback is null ? null : await FaultProxy.StartAsync(fallback, Cancellation);
        var events = new ConcurrentQueue<HostEvent>();
        var environment = new Dictionary<string, string?>(settings ?? new Dictionary<string, string?>())
        {
            [StorageSettings.FallbackName] = fallbackProxy?.ConnectionString,
        };
        var host = await EndToEndHost.StartLocalAsync(
            proxy.ConnectionString, storage, environment,
            options => options with { MessageLease = TimeSpan.FromSeconds(5), Observe = events.Enqueue });
        var application = new ProxiedApplication(host, proxy, fallbackProxy, events);
        await application.UntilAsync("it is healthy", application.IsHealthyAsync);
        return application;
    }

    public Task PutAsync(Arrival arrival) => PutAsync(arrival.Message());

    public Task PutAsync(string message) =>
        Storage.Queue.SendMessageAsync(message, timeToLive: TimeSpan.FromSeconds(-1), cancellationToken: Cancellation);

    public Task<HttpResponseMessage> PostAsync(string body) => PostAsync(Encoding.UTF8.GetBytes(body));

    public Task<HttpResponseMessage> PostAsync(byte[] body) => _host.PostAsync(body);

    public void KillWorker() => _host.KillWorker();

    /// <summary>Until nothing waits in either queue, visible or not.</summary>
    public Task UntilQueuesAreEmptyAsync(TimeSpan? timeLimit = null) => UntilAsync(
        "both queues are empty", async () =>
            await CountAsync(Storage.Queue) + await CountAsync(Storage.PoisonQueue) == 0, timeLimit);

    /// <summary>A failure includes the last output of the application.</summary>
    public Task UntilAsync(string what, Func<Task<bool>> holds, TimeSpan? timeLimit = null) =>
        Wait.ForAsync(what, holds, so => so, Cancellation, timeLimit, LastLines);

    /// <summary>The tables hold what these arrivals make, and nothing else.</summary>
    public async Task AssertRowsAsync(IReadOnlyCollection<Arrival> arrivals)
    {
        var changes = await Rows.ListAsync(Storage.StatusChanges, Cancellation);
        var installs = await Rows.ListAsync(Storage.Installs, Cancellation);
        Assert.Equal(RowText.Lines(ReferenceFold.StatusChanges(arrivals)), RowText.Lines(changes));
        Assert.Equal(RowText.Lines(ReferenceFold.Installs(arrivals)), RowText.Lines(installs));
        var accounts = await Rows.ListAsync(Storage.Accounts, Cancellation);
        AccountRows.AssertEveryInstallIsIndexed(installs, accounts);
        AccountRows.AssertEveryRowIsOfAnArrival(accounts, arrivals);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        await Proxy.DisposeAsync();
        await (FallbackProxy?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    private string LastLines() => string.Join('\n', _events.OfType<WorkerWrote>().TakeLast(40).Select(wrote => wrote.Line));

    private async Task<bool> IsHealthyAsync()
    {
        using var response = await _host.GetAsync("api/health");
        return response.IsSuccessStatusCode;
    }

    private static async Task<int> CountAsync(QueueClient queue) =>
        (await queue.GetPropertiesAsync(Cancellation)).Value.ApproximateMessagesCount;
}
