using Azure.Data.Tables;

namespace MarketplaceWebhook.Storage;

/// <summary>Whether queue, tables and blobs answer: one check at a time in a process, its result kept for 10 s.</summary>
public sealed class StorageHealth(StorageClients clients, StorageProvisioner setup, TimeProvider time)
{
    private static readonly TimeSpan Kept = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly Lock gate = new();
    private Task<bool> check = Task.FromResult(false);
    private long? checkedAt;

    public Task<bool> IsHealthyAsync()
    {
        lock (gate)
        {
            if (check.IsCompleted && (checkedAt is not { } at || time.GetElapsedTime(at) >= Kept))
            {
                check = CheckAsync();
            }

            return check;
        }
    }

    private async Task<bool> CheckAsync()
    {
        using var patience = new CancellationTokenSource(Patience, time);
        try
        {
            return await setup.RunAsync(
                async token =>
                {
                    await Task.WhenAll(
                        clients.Queue.GetPropertiesAsync(token),
                        clients.Payloads.GetPropertiesAsync(cancellationToken: token),
                        clients.Installs.GetEntityIfExistsAsync<TableEntity>("health", "health", cancellationToken: token));
                    return true;
                },
                patience.Token);
        }
        catch (Exception e) when (StorageErrors.IsStorage(e))
        {
            return false;
        }
        finally
        {
            checkedAt = time.GetTimestamp();
        }
    }
}
