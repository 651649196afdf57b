using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using Azure.Data.Tables;
using Azure.Storage.Queues;
using MarketplaceWebhook.LocalHost;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;
using MarketplaceWebhook.Tests.Support.Faults;
using MarketplaceWebhook.Tests.Support.Histories;

namespace MarketplaceWebhook.EndToEndTests.Properties;

/// <summary>The built application as its own process behind the local host, with a proxy that breaks its storage.</summary>
internal sealed class WholeApplication : IAsyncDisposable
{
    private const string Key = "proof-key";

    private readonly LocalFunctionsHost _host;
    private readonly ConcurrentQueue<HostEvent> _events;
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(60) };

    private WholeApplication(
        string storage, FaultProxy proxy, FaultProxy? fallbackProxy, LocalFunctionsHost host, ConcurrentQueue<HostEvent> events)
    {
        (Proxy, FallbackProxy, this._host, this._events) = (proxy, fallbackProxy, host, events);
        var tables = new TableServiceClient(storage);
        Installs = tables.GetTableClient(StorageNames.InstallsTable);
        StatusChanges = tables.GetTableClient(StorageNames.StatusChangesTable);
        Accounts = tables.GetTableClient(StorageNames.AccountsTable);
        DeadLetters = tables.GetTableClient(StorageNames.DeadLettersTable);
        var queues = new QueueServiceClient(storage, new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 });
        Queue = queues.GetQueueClient(StorageNames.Queue);
        PoisonQueue = queues.GetQueueClient(StorageNames.PoisonQueue);
    }

    public FaultProxy Proxy { get; }

    /// <summary>Null without a fallback storage.</summary>
    public FaultProxy? FallbackProxy { get; }

    /// <summary>The real storage, without the proxy.</summary>
    public TableClient Installs { get; }

    public TableClient StatusChanges { get; }

    public TableClient Accounts { get; }

    public TableClient DeadLetters { get; }

    public QueueClient Queue { get; }

    public QueueClient PoisonQueue { get; }

    public IEnumerable<HostEvent> Events => _events;

    /// <param name="settings">Over the application's own; a message that failed comes back at once unless they say
    /// otherwise.</param>
    /// <param name="fallback">The fallback storage, if there is one.</param>
    public static async Task<WholeApplication> StartAsync(
        string storage, CancellationToken cancellationToken, IReadOnlyDictionary<string, string?>? settings = null,
        string? fallback = null)
    {
        var proxy = await FaultProxy.StartAsync(storage, cancellationToken);
        var fallbackProxy = fallback is null ? null : await FaultProxy.StartAsync(fallback, cancellationToken);
        var events = new ConcurrentQueue<HostEvent>();
        var environment = new Dictionary<string, string?>
        {
            ["AzureFunctionsJobHost__extensions__queues__visibilityTimeout"] = "00:00:00",
            ["AzureFunctionsJobHost__extensions__queues__maxPollingInterval"] = "00:00:00.200",
            [StorageSettings.FallbackName] = fallbackProxy?.ConnectionString,
        };
        foreach (var (name, value) in settings ?? new Dictionary<string, string?>())
        {
            environment[name] = value;
        }

        var host = await LocalFunctionsHost.StartAsync(
            new LocalFunctionsHostOptions
            {
                AppDirectory = Path.Combine(AppContext.BaseDirectory, "app"),
                Key = Key,
                StorageConnection = proxy.ConnectionString,
                Environment = environment,
                MessageLease = TimeSpan.FromSeconds(5),
                Observe = events.Enqueue,
            },
            cancellationToken);
        var application = new WholeApplication(storage, proxy, fallbackProxy, host, events);
        await application.UntilAsync("it is healthy", application.IsHealthyAsync, cancellationToken);
        return application;
    }

    public Task PutAsync(Arrival arrival, CancellationToken cancellationToken) => PutAsync(arrival.Message(), cancellationToken);

    public Task PutAsync(string message, CancellationToken cancellationToken) =>
        Queue.SendMessageAsync(message, timeToLive: TimeSpan.FromSeconds(-1), cancellationToken: cancellationToken);

    public Task<HttpResponseMessage> PostAsync(string body, CancellationToken cancellationToken) =>
        PostAsync(Encoding.UTF8.GetBytes(body), cancellationToken);

    public async Task<HttpResponseMessage> PostAsync(byte[] body, CancellationToken cancellationToken)
    {
        using var content = new ByteArrayContent(body)
        {
            Headers = { ContentType = new MediaTypeHeaderValue("application/json") },
        };
        return await _http.PostAsync(new Uri(_host.BaseAddress, $"api/cyclr/marketplace?code={Key}"), content, cancellationToken);
    }

    /// <summary>As a crash of the machine: no signal that a process could handle.</summary>
    public void KillHandler()
    {
        try
        {
            using var process = Process.GetProcessById(_host.WorkerProcessId!.Value);
            process.Kill();
            process.WaitForExit();
        }
        catch (ArgumentException)
        {
            // It ended before.
        }
    }

    /// <summary>Until nothing waits in either queue, visible or not.</summary>
    public Task UntilQueuesAreEmptyAsync(CancellationToken cancellationToken, TimeSpan? timeLimits = null) =>
        UntilAsync(
            "both queues are empty", async () =>
                await CountAsync(Queue) + await CountAsync(PoisonQueue) == 0, cancellationToken, timeLimits);

    /// <summary>A failure includes the last output of the application.</summary>
    public Task UntilAsync(
        string what, Func<Task<bool>> holds, CancellationToken cancellationToken, TimeSpan? timeLimits = null) =>
        Wait.ForAsync(what, holds, so => so, cancellationToken, timeLimits, LastLines);

    private string LastLines() => string.Join('\n', _events.OfType<WorkerWrote>().TakeLast(40).Select(wrote => wrote.Line));

    public static async Task<List<TableEntity>> RowsAsync(TableClient table, CancellationToken cancellationToken) =>
        await table.QueryAsync<TableEntity>(cancellationToken: cancellationToken).ToListAsync(cancellationToken);

    /// <summary>The tables hold what these arrivals make, and nothing else.</summary>
    public async Task AssertRowsAsync(IReadOnlyCollection<Arrival> arrivals, CancellationToken cancellationToken)
    {
        var (changes, installs) = (
            await RowsAsync(StatusChanges, cancellationToken), await RowsAsync(Installs, cancellationToken));
        Assert.Equal(RowText.Lines(ReferenceFold.StatusChanges(arrivals)), RowText.Lines(changes));
        Assert.Equal(RowText.Lines(ReferenceFold.Installs(arrivals)), RowText.Lines(installs));
        var accounts = await RowsAsync(Accounts, cancellationToken);
        AccountRows.AssertEveryInstallIsIndexed(installs, accounts);
        AccountRows.AssertEveryRowIsOfAnArrival(accounts, arrivals);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        await Proxy.DisposeAsync();
        await (FallbackProxy?.DisposeAsync() ?? ValueTask.CompletedTask);
        _http.Dispose();
    }

    private async Task<bool> IsHealthyAsync()
    {
        using var response = await _http.GetAsync(new Uri(_host.BaseAddress, "api/health"));
        return response.IsSuccessStatusCode;
    }

    private static async Task<int> CountAsync(QueueClient queue) =>
        (await queue.GetPropertiesAsync()).Value.ApproximateMessagesCount;
}
