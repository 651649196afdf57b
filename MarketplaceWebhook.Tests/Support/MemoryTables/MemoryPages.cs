using System.Text.Json;
using Azure;

namespace MarketplaceWebhook.Tests.Support.MemoryTables;

/// <summary>Pages fetched one by one: what changes between two of them shows in the second, as with the service.</summary>
internal sealed class MemoryPages<T>(
    Func<MemoryTable.Key?, CancellationToken, Task<(IReadOnlyList<T> Page, MemoryTable.Key? Next)>> fetch,
    CancellationToken cancellationToken) : AsyncPageable<T>(cancellationToken)
    where T : notnull
{
    public override async IAsyncEnumerable<Page<T>> AsPages(string? continuationToken = null, int? pageSizeHint = null)
    {
        MemoryTable.Key? next = continuationToken is null ? null : JsonSerializer.Deserialize<MemoryTable.Key>(continuationToken);
        do
        {
            (var page, next) = await fetch(next, CancellationToken);
            yield return Page<T>.FromValues(
                page, next is { } key ? JsonSerializer.Serialize(key) : null, new MemoryResponse(200));
        }
        while (next is not null);
    }

    public override async IAsyncEnumerator<T> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        await foreach (var page in AsPages().WithCancellation(cancellationToken))
        {
            foreach (var row in page.Values)
            {
                yield return row;
            }
        }
    }
}
