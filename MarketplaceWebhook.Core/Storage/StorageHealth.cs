using Azure.Data.Tables;

namespace MarketplaceWebhook.Storage;

/// <summary>Whether queue, tables and blobs respond: one check at a time per process, its result cached for 10 s.</summary>
public sealed class StorageHealth(StorageClients clients, TimeProvider time)
{
    private static readonly TimeSpan CacheTime = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private Task<bool> _check = Task.FromResult(false);
    private long? _checkedAt;

    public Task<bool> IsHealthyAsync()
    {
        lock (_gate)
        {
            if (_check.IsCompleted && (_checkedAt is not { } at || time.GetElapsedTime(at) >= CacheTime))
            {
                _check = CheckAsync();
            }

            return _check;
        }
    }

    private async Task<bool> CheckAsync()
    {
        using var timeout = new CancellationTokenSource(Timeout, time);
        try
        {
            await Task.WhenAll(
                clients.Queue.GetPropertiesAsync(timeout.Token),
                clients.Payloads.GetPropertiesAsync(cancellationToken: timeout.Token),
                clients.Installs.GetEntityIfExistsAsync<TableEntity>("health", "health", cancellationToken: timeout.Token));
            return true;
        }
        catch (Exception e) when (StorageErrors.IsStorage(e))
        {
            return false;
        }
        finally
        {
            _checkedAt = time.GetTimestamp();
        }
    }
}
