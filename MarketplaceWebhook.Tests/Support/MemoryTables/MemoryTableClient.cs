using Azure;
using Azure.Data.Tables;
using Azure.Data.Tables.Models;

namespace MarketplaceWebhook.Tests.Support.MemoryTables;

/// <summary>
/// A table in memory that responds as the table service does, ETags, transactions, pages and errors included
/// (<see cref="MemoryTableConformanceTests"/> holds it against Azurite), for tests that need thousands of tables or every
/// interleaving.
/// Only <see cref="TableEntity"/> is supported.
/// </summary>
/// <param name="time">Of the rows' timestamps; null: a clock of its own.</param>
public sealed class MemoryTableClient(string name, int pageSize = 1000, TimeProvider? time = null) : TableClient
{
    private readonly Lock _gate = new();
    private readonly MemoryTable _table = new(time);
    private int _calls;

    public override string Name => name;

    public TableHooks Hooks { get; set; } = new();

    /// <summary>All rows in key order, read without hooks.</summary>
    public IReadOnlyList<TableEntity> Rows
    {
        get
        {
            lock (_gate)
            {
                return _table.All;
            }
        }
    }

    /// <summary>It exists.</summary>
    public override Task<Response<TableItem>> CreateIfNotExistsAsync(CancellationToken cancellationToken = default) =>
        Task.FromResult(Response.FromValue(new TableItem(name), new MemoryResponse(409, errorCode: "TableAlreadyExists")));

    public override Task<Response> AddEntityAsync<T>(T entity, CancellationToken cancellationToken = default) =>
        Change("AddEntity", new(TableTransactionActionType.Add, entity), cancellationToken);

    public override Task<Response> UpdateEntityAsync<T>(
        T entity, ETag ifMatch, TableUpdateMode mode = TableUpdateMode.Merge, CancellationToken cancellationToken = default)
    {
        if (ifMatch == default)
        {
            throw new ArgumentException("Value cannot be default.", nameof(ifMatch));
        }

        var type = mode is TableUpdateMode.Merge
            ? TableTransactionActionType.UpdateMerge : TableTransactionActionType.UpdateReplace;
        return Change("UpdateEntity", new(type, entity, ifMatch), cancellationToken);
    }

    public override Task<Response> UpsertEntityAsync<T>(
        T entity, TableUpdateMode mode = TableUpdateMode.Merge, CancellationToken cancellationToken = default)
    {
        var type = mode is TableUpdateMode.Merge
            ? TableTransactionActionType.UpsertMerge : TableTransactionActionType.UpsertReplace;
        return Change("UpsertEntity", new(type, entity), cancellationToken);
    }

    public override Task<Response> DeleteEntityAsync(
        ITableEntity entity, ETag ifMatch = default, CancellationToken cancellationToken = default) =>
        DeleteEntityAsync(entity.PartitionKey, entity.RowKey, ifMatch, cancellationToken);

    /// <summary>As the client library does: a missing row is a response of 404, not an exception.</summary>
    public override async Task<Response> DeleteEntityAsync(
        string partitionKey, string rowKey, ETag ifMatch = default, CancellationToken cancellationToken = default)
    {
        var row = new TableEntity(partitionKey, rowKey);
        try
        {
            return await Change("DeleteEntity", new(TableTransactionActionType.Delete, row, ifMatch), cancellationToken);
        }
        catch (RequestFailedException error) when (error is { Status: 404, ErrorCode: "ResourceNotFound" })
        {
            return new MemoryResponse(404, errorCode: error.ErrorCode);
        }
    }

    public override async Task<Response<T>> GetEntityAsync<T>(
        string partitionKey, string rowKey, IEnumerable<string>? select = null, CancellationToken cancellationToken = default)
    {
        var found = await GetEntityIfExistsAsync<T>(partitionKey, rowKey, select, cancellationToken);
        return found is { HasValue: true, Value: { } row }
            ? Response.FromValue(row, found.GetRawResponse())
            : throw MemoryTable.Error(404, "ResourceNotFound");
    }

    public override Task<NullableResponse<T>> GetEntityIfExistsAsync<T>(
        string partitionKey, string rowKey, IEnumerable<string>? select = null, CancellationToken cancellationToken = default) =>
        Call<NullableResponse<T>>("GetEntity", table => table.Find(partitionKey, rowKey, select) is { } row
            ? Response.FromValue((T)(object)row, new MemoryResponse(200, row.ETag))
            : new NoEntity<T>(new MemoryResponse(404, errorCode: "ResourceNotFound")), cancellationToken);

    public override AsyncPageable<T> QueryAsync<T>(
        string? filter = null, int? maxPerPage = null, IEnumerable<string>? select = null,
        CancellationToken cancellationToken = default)
    {
        var size = Math.Min(pageSize, maxPerPage ?? pageSize);
        return new MemoryPages<T>(async (from, token) =>
        {
            // Parsed with the first page: the service rejects a wrong filter, not the client.
            var matches = TableFilter.Parse(filter);
            var (page, next) = await Call("QueryPage", table => table.Scan(from, size, matches, select?.ToHashSet()), token);
            return ([.. page.Cast<T>()], next);
        }, cancellationToken);
    }

    public override Task<Response<IReadOnlyList<Response>>> SubmitTransactionAsync(
        IEnumerable<TableTransactionAction> transactionActions, CancellationToken cancellationToken = default)
    {
        var actions = transactionActions.ToList();
        return actions.Count == 0
            ? throw new InvalidOperationException("Transaction is empty.")
            : Call("SubmitTransaction", table => Response.FromValue<IReadOnlyList<Response>>(
                [.. table.ApplyAll(actions).Select(etag => new MemoryResponse(204, etag))],
                new MemoryResponse(202)), cancellationToken);
    }

    private Task<Response> Change(string operation, TableTransactionAction action, CancellationToken cancellationToken) =>
        Call<Response>(operation, table => new MemoryResponse(204, table.Apply(action)), cancellationToken);

    private async Task<T> Call<T>(string operation, Func<MemoryTable, T> change, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var call = new TableCall(name, operation, Interlocked.Increment(ref _calls));
        await Hooks.Before(call, cancellationToken);
        T result;
        lock (_gate)
        {
            result = change(_table);
        }

        await Hooks.After(call, cancellationToken);
        return result;
    }
}
