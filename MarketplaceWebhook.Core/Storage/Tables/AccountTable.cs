using Azure;
using Azure.Data.Tables;

namespace MarketplaceWebhook.Storage;

/// <summary>
/// The table Accounts: an index from the partner's AccountApiId to Cyclr's AccountId. A row is inserted before an install with
/// the pair is stored for the first time, and is never changed. So every pair in Installs has a row, and a row is only a hint:
/// the account may have another AccountApiId by now. The table may not exist: no version that writes it has run on this storage.
/// </summary>
public sealed class AccountTable(StorageClients clients)
{
    /// <summary>A row that exists already is the same row.</summary>
    public async Task AddAsync(Guid accountId, string apiId, CancellationToken cancellationToken)
    {
        try
        {
            await clients.Accounts.AddEntityAsync(
                new TableEntity(TableKeys.ApiId(apiId), TableKeys.Account(accountId))
                    .With(Columns.AccountApiId, apiId)
                    .With(Columns.AccountId, TableKeys.Account(accountId)),
                cancellationToken);
        }
        catch (RequestFailedException e) when (e is { Status: 409, ErrorCode: "EntityAlreadyExists" })
        {
        }
    }

    public IAsyncEnumerable<RawRow> ReadAsync(CancellationToken cancellationToken) =>
        QueryAsync(filter: null, cancellationToken);

    /// <summary>The rows of one AccountApiId.</summary>
    public IAsyncEnumerable<RawRow> ReadAsync(string apiId, CancellationToken cancellationToken) =>
        QueryAsync(TableRowReader.Partition(TableKeys.ApiId(apiId)), cancellationToken);

    /// <summary>The rows of an account, also those of an AccountApiId that nothing else refers to any more: reads the whole
    /// table.</summary>
    public IAsyncEnumerable<RawRow> ReadAccountAsync(string account, CancellationToken cancellationToken) =>
        QueryAsync(TableClient.CreateQueryFilter($"RowKey eq {account}"), cancellationToken);

    public async Task<int> RemoveAsync(IEnumerable<RawRow> rows, CancellationToken cancellationToken)
    {
        var removed = 0;
        foreach (var partition in rows.GroupBy(row => row.PartitionKey))
        {
            removed += await TableRowReader.RemoveAsync(clients.Accounts, partition, onlyAsRead: false, cancellationToken);
        }

        return removed;
    }

    private IAsyncEnumerable<RawRow> QueryAsync(string? filter, CancellationToken cancellationToken) =>
        TableRowReader.ReadAsync(clients.Accounts, filter, cancellationToken: cancellationToken);
}
