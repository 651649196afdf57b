using MarketplaceWebhook.LocalHost;
using MarketplaceWebhook.Storage;

namespace MarketplaceWebhook.Cli.Dashboard;

/// <summary>The current state of the application.</summary>
/// <param name="IsHealthy">The result of its health function; null: the page only reads.</param>
/// <param name="Waiting">Messages on the queue; null if storage does not respond.</param>
/// <param name="Poisoned">Messages on the poison queue.</param>
/// <param name="ChangeFeed">Messages on the change feed; null without one.</param>
internal sealed record HealthView(bool? IsHealthy, int? Waiting, int? Poisoned, int? ChangeFeed, int? ProcessId);

/// <summary>Reads queue lengths and health while a page is open, and publishes changes.</summary>
internal sealed class StatusSampler(PageEvents pages, StorageClients clients, HttpClient http, TimeProvider time)
{
    private const string Health = "Health";

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>Every call to Azure is billed.</summary>
    private static readonly TimeSpan IntervalWithoutHost = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(6);

    /// <summary>Null while no page is open.</summary>
    public HealthView? Latest { get; private set; }

    /// <param name="host">Null: the page only reads.</param>
    public async Task RunAsync(LocalFunctionsHost? host, CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(Interval, time);
        var sampledAt = time.GetTimestamp();
        do
        {
            if (host is null && pages.HasPages && Latest is not null && time.GetElapsedTime(sampledAt) < IntervalWithoutHost)
            {
                continue;
            }

            var now = pages.HasPages ? await SampleAsync(host, stopping) : null;
            sampledAt = time.GetTimestamp();
            if (now is not null && now != Latest)
            {
                pages.Publish("status", now);
            }

            Latest = now;
        }
        while (await timer.WaitForNextTickAsync(stopping));
    }

    private async Task<HealthView> SampleAsync(LocalFunctionsHost? host, CancellationToken stopping)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        timeout.CancelAfter(Timeout);
        var reading = LengthsAsync(timeout.Token, stopping);
        bool? isHealthy = host is null ? null : await IsHealthyAsync(host, timeout.Token, stopping);
        var lengths = await reading;
        return new HealthView(isHealthy, lengths?.Waiting, lengths?.Poisoned, lengths?.ChangeFeed, host?.WorkerProcessId);
    }

    private async Task<QueueLengths?> LengthsAsync(CancellationToken timeout, CancellationToken stopping)
    {
        try
        {
            return await QueueLengths.ReadAsync(clients, timeout);
        }
        catch (Exception exception) when (StorageErrors.IsStorage(exception) && !stopping.IsCancellationRequested)
        {
            return null;
        }
    }

    private async Task<bool> IsHealthyAsync(LocalFunctionsHost host, CancellationToken timeout, CancellationToken stopping)
    {
        try
        {
            if (host.HttpFunctions.FirstOrDefault(function => function.Name == Health) is not { } health)
            {
                return false;
            }

            using var response = await http.GetAsync(host.UrlOf(health), timeout);
            return response.IsSuccessStatusCode;
        }
        catch (Exception exception) when (
            exception is HttpRequestException or OperationCanceledException && !stopping.IsCancellationRequested)
        {
            return false;
        }
    }
}
