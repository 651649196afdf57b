using Azure;
using Azure.Data.Tables;
using MarketplaceWebhook.Installs;

namespace MarketplaceWebhook.Storage;

/// <summary>
/// The table Installs: reads a package with its ETags and commits its new state. The last transaction of a commit always
/// includes the install row, changed or not: it is the fence that makes another writer of the same package fail.
/// </summary>
public sealed class InstallTable(StorageClients clients)
{
    /// <summary>A package as it was read.</summary>
    /// <param name="ETags">By row key.</param>
    public sealed record Snapshot(Package Package, IReadOnlyDictionary<string, ETag> ETags);

    /// <exception cref="UnreadableRowException">A row was not written by the application.</exception>
    public async Task<Snapshot> ReadAsync(Guid accountId, long packageId, CancellationToken cancellationToken)
    {
        Install? install = null;
        var cycles = new Dictionary<Guid, Cycle>();
        var etags = new Dictionary<string, ETag>();
        var rows = clients.Installs.QueryAsync<TableEntity>(
            TableKeys.PackageFilter(accountId, packageId), cancellationToken: cancellationToken);
        await foreach (var row in rows)
        {
            etags[row.RowKey] = row.ETag;
            if (row[Columns.Kind] is EntityMapping.InstallKind)
            {
                install = EntityMapping.TryRead(row, EntityMapping.ToInstall) ?? throw new UnreadableRowException(row.RowKey);
            }
            else
            {
                var cycle = EntityMapping.TryRead(row, EntityMapping.ToCycle) ?? throw new UnreadableRowException(row.RowKey);
                cycles[cycle.CycleId] = cycle;
            }
        }

        return new Snapshot(new Package(accountId, packageId) { Install = install, Cycles = cycles }, etags);
    }

    /// <summary>Some columns of all rows, sorted by account and row.</summary>
    public IAsyncEnumerable<RawRow> ReadColumnsAsync(IEnumerable<string> columns, CancellationToken cancellationToken) =>
        TableRowReader.ReadAsync(
            clients.Installs, filter: null, [nameof(TableEntity.PartitionKey), nameof(TableEntity.RowKey), .. columns],
            cancellationToken: cancellationToken);

    /// <summary>Sorted by account and row. Includes rows that do not belong to a package.</summary>
    /// <param name="account">A partition; null reads all of them.</param>
    public IAsyncEnumerable<RawRow> ReadRowsAsync(string? account, CancellationToken cancellationToken) =>
        TableRowReader.ReadAsync(clients.Installs, TableRowReader.Partition(account), cancellationToken: cancellationToken);

    /// <exception cref="RequestFailedException">409, 412, 404: a lost race; another writer changed the rows.</exception>
    public Task CommitAsync(Snapshot before, Package after, CancellationToken cancellationToken)
    {
        var install = after.Install ?? throw new InvalidOperationException("A commit needs the install row: it is the fence.");
        return CommitAsync(
            TableKeys.Account(after.AccountId),
            before.ETags,
            after.Cycles.Values
                .Where(cycle => before.Package.Cycles.GetValueOrDefault(cycle.CycleId) != cycle)
                .Select(cycle => cycle.ToEntity(after.AccountId)),
            before.Package.Cycles.Values.Where(cycle => !after.Cycles.ContainsKey(cycle.CycleId))
                .Select(cycle => TableKeys.Cycle(after.PackageId, cycle.CycleId)),
            install.ToEntity(after.AccountId),
            cancellationToken);
    }

    /// <summary>Replaces the rows of one package, or the rows that belong to none, whether they are readable or not.</summary>
    /// <param name="present">All rows of the package, with their ETags.</param>
    /// <param name="wanted">The install row first. Empty: the package does not exist.</param>
    /// <exception cref="RequestFailedException">409, 412, 404: a lost race; another writer changed the rows.</exception>
    public Task CommitAsync(IReadOnlyList<RawRow> present, IReadOnlyList<RawRow> wanted, CancellationToken cancellationToken)
    {
        var before = present.ToDictionary(row => row.RowKey);
        return CommitAsync(
            present.Concat(wanted).First().PartitionKey,
            present.ToDictionary(row => row.RowKey, row => row.ETag),
            wanted.Skip(1)
                .Where(row => before.GetValueOrDefault(row.RowKey)?.HasColumnsOf(row) != true)
                .Select(row => row.ToEntity()),
            // The install row, if there was one, is the first: it goes last.
            present.Select(row => row.RowKey).Except(wanted.Select(row => row.RowKey)).Reverse(),
            wanted is [var install, ..] ? install.ToEntity() : null,
            cancellationToken);
    }

    /// <param name="rows">Of one account.</param>
    public Task<int> RemoveAsync(IEnumerable<RawRow> rows, CancellationToken cancellationToken) =>
        TableRowReader.RemoveAsync(clients.Installs, rows, onlyAsRead: false, cancellationToken);

    /// <param name="etags">Of the rows that were read. Any other row is inserted.</param>
    /// <param name="install">The fence. Null: the last deleted row is.</param>
    private async Task CommitAsync(
        string account, IReadOnlyDictionary<string, ETag> etags, IEnumerable<TableEntity> writes, IEnumerable<string> deletes,
        TableEntity? install, CancellationToken cancellationToken)
    {
        var actions = writes.Select(Write)
            .Concat(deletes.Select(key => new TableTransactionAction(
                TableTransactionActionType.Delete, new TableEntity(account, key), etags[key])))
            .ToList();
        var fence = install is null ? actions[^1] : Write(install);
        foreach (var transaction in TableTransactions.Split(install is null ? actions.SkipLast(1) : actions, fence))
        {
            await clients.Installs.SubmitTransactionAsync(transaction, cancellationToken);
        }

        TableTransactionAction Write(TableEntity row) => etags.TryGetValue(row.RowKey, out var etag)
            ? new(TableTransactionActionType.UpdateReplace, row, etag)
            : new(TableTransactionActionType.Add, row);
    }
}
