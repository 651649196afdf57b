using System.Text;
using MarketplaceWebhook.Tests.Support.Faults;

namespace MarketplaceWebhook.EndToEndTests.Properties;

/// <summary>Counts the commits that storage rejected because another writer was faster.</summary>
internal sealed class RaceCount
{
    private int _lost;

    public int Lost => _lost;

    public Task<Fault?> CountAsync(StorageCall call, StorageResponse response)
    {
        if (call.Operation == "Entity Group Transaction"
            && Encoding.UTF8.GetString(response.Content.Span) is var actions
            && (
                actions.Contains("HTTP/1.1 412", StringComparison.Ordinal)
                    || actions.Contains("HTTP/1.1 409", StringComparison.Ordinal)
                || actions.Contains("HTTP/1.1 404", StringComparison.Ordinal)))
        {
            Interlocked.Increment(ref _lost);
        }

        return Task.FromResult<Fault?>(null);
    }
}
