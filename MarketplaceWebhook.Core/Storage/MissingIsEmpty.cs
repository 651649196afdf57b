using System.Runtime.CompilerServices;
using Azure;

namespace MarketplaceWebhook.Storage;

/// <summary>A queue, table or container that was never used does not exist: to read it is to find nothing.</summary>
internal static class MissingIsEmpty
{
    public static async IAsyncEnumerable<T> EmptyIfMissing<T>(
        this IAsyncEnumerable<T> source, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await using var items = source.GetAsyncEnumerator(cancellationToken);
        while (await HasNextAsync())
        {
            yield return items.Current;
        }

        async Task<bool> HasNextAsync()
        {
            try
            {
                return await items.MoveNextAsync();
            }
            catch (RequestFailedException e) when (StorageErrors.IsMissing(e))
            {
                return false;
            }
        }
    }
}
