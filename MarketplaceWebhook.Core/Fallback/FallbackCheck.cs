using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Telemetry;
using Microsoft.Extensions.Logging;

namespace MarketplaceWebhook.Fallback;

/// <summary>
/// Finds out before an outage whether the fallback storage accepts a notification from this application: at most every 5 minutes,
/// after a receipt or with a health check. The last result is stored in the primary storage, where `status` reads it.
/// </summary>
/// <param name="fallback">Null without a fallback storage.</param>
public sealed class FallbackCheck(
    StorageClients primary, TimeProvider time, ILogger<FallbackCheck> logger, FallbackStorage? fallback = null)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(20);

    private readonly Lock _gate = new();
    private long? _startedAt;

    /// <summary>The caller does not wait for it.</summary>
    public void StartIfDue()
    {
        if (fallback is null)
        {
            return;
        }

        lock (_gate)
        {
            if (_startedAt is { } at && time.GetElapsedTime(at) < Interval)
            {
                return;
            }

            _startedAt = time.GetTimestamp();
        }

        // It is not part of the caller's trace.
        using (ExecutionContext.SuppressFlow())
        {
            _ = Task.Run(() => CheckAsync(fallback));
        }
    }

    private async Task CheckAsync(FallbackStorage storage)
    {
        using var timeout = new CancellationTokenSource(Timeout, time);
        string? fault = null;
        try
        {
            await storage.CheckAsync(timeout.Token);
        }
        catch (Exception e) when (StorageErrors.IsStorage(e))
        {
            fault = StorageErrors.Describe(e);
            Metrics.FallbackFailed();
            Log.FallbackCheckFailed(logger, fault);
        }

        try
        {
            using var writing = new CancellationTokenSource(Timeout, time);
            await new FallbackCheckResult(time.GetUtcNow(), fault).WriteAsync(primary, writing.Token);
        }
        catch (Exception e) when (StorageErrors.IsStorage(e))
        {
            // The primary storage fails: `status` reports that.
        }
    }
}
