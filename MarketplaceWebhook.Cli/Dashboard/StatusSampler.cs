using MarketplaceWebhook.Cli.LocalHost;
using MarketplaceWebhook.Storage;

namespace MarketplaceWebhook.Cli.Dashboard;

/// <summary>How the application is, right now.</summary>
/// <param name="IsHealthy">As its own health function answers.</param>
/// <param name="Waiting">Messages in the queue; null where the storage does not say.</param>
/// <param name="Poisoned">Messages in the poison queue.</param>
internal sealed record StatusView(bool IsHealthy, int? Waiting, int? Poisoned, int? ProcessId);

/// <summary>Asks for the queues' lengths and the health while a page is open, and tells the pages what changed.</summary>
internal sealed class StatusSampler(PageEvents pages, StorageClients clients, StorageProvisioner setup, HttpClient http, TimeProvider time)
{
    private const string Health = "Health";

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(6);

    /// <summary>Null while no page is open.</summary>
    public StatusView? Latest { get; private set; }

    public async Task RunAsync(LocalFunctionsHost host, CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(Interval, time);
        do
        {
            var now = pages.HasPages ? await SampleAsync(host, stopping) : null;
            if (now is not null && now != Latest)
            {
                pages.Publish("status", now);
            }

            Latest = now;
        }
        while (await timer.WaitForNextTickAsync(stopping));
    }

    private async Task<StatusView> SampleAsync(LocalFunctionsHost host, CancellationToken stopping)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        patience.CancelAfter(Patience);
        var lengths = LengthsAsync(patience.Token, stopping);
        var isHealthy = await IsHealthyAsync(host, patience.Token, stopping);
        return new StatusView(isHealthy, (await lengths)?.Waiting, (await lengths)?.Poisoned, host.WorkerProcessId);
    }

    private async Task<QueueLengths?> LengthsAsync(CancellationToken patience, CancellationToken stopping)
    {
        try
        {
            return await QueueLengths.ReadAsync(clients, setup, patience);
        }
        catch (Exception exception) when (StorageErrors.IsStorage(exception) && !stopping.IsCancellationRequested)
        {
            return null;
        }
    }

    private async Task<bool> IsHealthyAsync(LocalFunctionsHost host, CancellationToken patience, CancellationToken stopping)
    {
        try
        {
            if (host.HttpFunctions.FirstOrDefault(function => function.Name == Health) is not { } health)
            {
                return false;
            }

            using var answer = await http.GetAsync(host.UrlOf(health), patience);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception exception) when (
            exception is HttpRequestException or OperationCanceledException && !stopping.IsCancellationRequested)
        {
            return false;
        }
    }
}
