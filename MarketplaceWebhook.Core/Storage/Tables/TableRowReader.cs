using System.Runtime.CompilerServices;
using Azure;
using Azure.Data.Tables;

namespace MarketplaceWebhook.Storage;

/// <summary>Reads the rows of any table, page by page in the order of their keys, and removes rows.</summary>
internal static class TableRowReader
{
    public static async IAsyncEnumerable<RawRow> ReadAsync(
        TableClient table, string? filter, IEnumerable<string>? columns = null, int? pageSize = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (var entity in table.QueryAsync<TableEntity>(filter, pageSize, columns, cancellationToken)
            .EmptyIfMissing(cancellationToken))
        {
            yield return RawRow.From(entity);
        }
    }

    /// <summary>Null: the whole table.</summary>
    public static string? Partition(string? partitionKey) =>
        partitionKey is null ? null : TableClient.CreateQueryFilter($"PartitionKey eq {partitionKey}");

    /// <param name="rows">Of one partition.</param>
    /// <param name="onlyAsRead">A row that was written since it was read stays.</param>
    /// <returns>How many rows were removed.</returns>
    public static async Task<int> RemoveAsync(
        TableClient table, IEnumerable<RawRow> rows, bool onlyAsRead, CancellationToken cancellationToken)
    {
        var removed = 0;
        foreach (var chunk in rows.Chunk(TableTransactions.MaxActions))
        {
            var actions = chunk.Select(row => new TableTransactionAction(
                TableTransactionActionType.Delete,
                new TableEntity(row.PartitionKey, row.RowKey),
                onlyAsRead ? row.ETag : ETag.All));
            try
            {
                await table.SubmitTransactionAsync(actions, cancellationToken);
                removed += chunk.Length;
            }
            catch (RequestFailedException e) when (StorageErrors.IsLostRace(e))
            {
                // One row that is gone or changed fails the transaction: remove them one by one.
                foreach (var row in chunk)
                {
                    removed += await RemoveAsync(table, row, onlyAsRead, cancellationToken) ? 1 : 0;
                }
            }
        }

        return removed;
    }

    private static async Task<bool> RemoveAsync(
        TableClient table, RawRow row, bool onlyAsRead, CancellationToken cancellationToken)
    {
        try
        {
            var response = await table.DeleteEntityAsync(
                row.PartitionKey, row.RowKey, onlyAsRead ? row.ETag : ETag.All, cancellationToken);
            return response.Status != 404;
        }
        catch (RequestFailedException e) when (StorageErrors.IsLostRace(e))
        {
            return false;
        }
    }
}
