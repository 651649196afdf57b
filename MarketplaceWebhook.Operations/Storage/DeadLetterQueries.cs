using Azure.Data.Tables;

namespace MarketplaceWebhook.Storage;

/// <summary>Reads DeadLetters for the dashboard and `show`, page by page.</summary>
public sealed class DeadLetterQueries(StorageClients clients)
{
    private static readonly string[] ColumnsWithoutBody =
        [
            nameof(TableEntity.PartitionKey), nameof(TableEntity.RowKey), Columns.NotificationId,
                Columns.ReceivedAt, Columns.Source, Columns.UserAgent,
            Columns.Reason, Columns.Detail, Columns.AccountId, Columns.BodyBlob, Columns.BodyLength, Columns.RedrivenAt,
        ];

    /// <summary>Source: https://learn.microsoft.com/rest/api/storageservices/query-timeout-and-pagination</summary>
    private const int MaxPageSize = 1000;

    private static readonly string[] Kinds = [DeadLetter.Rejected, DeadLetter.Failed];

    /// <summary>Newest first, of one kind or of both; without the bodies.</summary>
    /// <param name="kind">Null: both.</param>
    /// <param name="account">Null: of all accounts. Otherwise those in whose body the application could read its AccountId; reads
    /// all of DeadLetters.</param>
    /// <param name="continuation">The row key to continue after: both partitions have the same order.</param>
    public async Task<ResultPage<StoredDeadLetter>> ListAsync(
        string? kind, Guid? account, int size, string? continuation, CancellationToken cancellationToken)
    {
        var found = await Task.WhenAll(
            Kinds.Where(k => kind is null || k == kind)
                .Select(k => ListKindAsync(k, account, size + 1, continuation ?? "", cancellationToken)));
        var sorted = found.SelectMany(f => f)
            .OrderBy(letter => letter.Row.RowKey, StringComparer.Ordinal).Take(size + 1).ToList();
        return sorted.Count > size
            ? new ResultPage<StoredDeadLetter>(sorted[..size], sorted[size - 1].Row.RowKey)
            : new ResultPage<StoredDeadLetter>(sorted, Continuation: null);
    }

    private async Task<List<StoredDeadLetter>> ListKindAsync(
        string kind, Guid? account, int size, string after, CancellationToken cancellationToken)
    {
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {kind} and RowKey gt {after}");
        var rows = clients.DeadLetters.QueryAsync<TableEntity>(
            account is { } id ? $"{filter} and {TableClient.CreateQueryFilter($"AccountId eq {TableKeys.Account(id)}")}" : filter,
            Math.Min(size, MaxPageSize), ColumnsWithoutBody, cancellationToken);
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
