using Azure.Data.Tables;

namespace MarketplaceWebhook.Storage;

/// <summary>Reads DeadLetters for the dashboard, page by page.</summary>
public sealed class DeadLetterQueries(StorageClients clients)
{
    private static readonly string[] ColumnsWithoutBody =
        [
            nameof(TableEntity.PartitionKey), nameof(TableEntity.RowKey), Columns.NotificationId,
                Columns.ReceivedAt, Columns.Source, Columns.UserAgent,
            Columns.Reason, Columns.Detail, Columns.AccountId, Columns.BodyLength, Columns.RedrivenAt,
        ];

    private static readonly string[] Kinds = [DeadLetter.Rejected, DeadLetter.Failed];

    /// <summary>Newest first, of one kind or of both; without the bodies.</summary>
    /// <param name="kind">Null: both.</param>
    /// <param name="continuation">The row key to continue after: both partitions have the same order.</param>
    public async Task<ResultPage<StoredDeadLetter>> ListAsync(
        string? kind, int size, string? continuation, CancellationToken cancellationToken)
    {
        var found = await Task.WhenAll(
            Kinds.Where(k => kind is null || k == kind)
                .Select(k => ListKindAsync(k, size + 1, continuation ?? "", cancellationToken)));
        var sorted = found.SelectMany(f => f)
            .OrderBy(letter => letter.Row.RowKey, StringComparer.Ordinal).Take(size + 1).ToList();
        return sorted.Count > size
            ? new ResultPage<StoredDeadLetter>(sorted[..size], sorted[size - 1].Row.RowKey)
            : new ResultPage<StoredDeadLetter>(sorted, Continuation: null);
    }

    private async Task<List<StoredDeadLetter>> ListKindAsync(
        string kind, int size, string after, CancellationToken cancellationToken)
    {
        var rows = clients.DeadLetters.QueryAsync<TableEntity>(
            TableClient.CreateQueryFilter($"PartitionKey eq {kind} and RowKey gt {after}"), size,
            ColumnsWithoutBody, cancellationToken);
        var found = new List<StoredDeadLetter>();
        await foreach (var row in rows.EmptyIfMissing(cancellationToken))
        {
            found.Add(new StoredDeadLetter(RawRow.From(row)));
            if (found.Count == size)
            {
                break;
            }
        }

        return found;
    }
}
