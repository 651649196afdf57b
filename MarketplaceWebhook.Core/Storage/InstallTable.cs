using System.Collections.Immutable;
using Azure;
using Azure.Data.Tables;
using MarketplaceWebhook.Installs;

namespace MarketplaceWebhook.Storage;

/// <summary>
/// The table Installs: reads a package with its ETags and commits what became of it. The last transaction of a commit always
/// holds the install row, changed or not: it is the fence that another writer of the same package runs into.
/// </summary>
public sealed class InstallTable(StorageClients clients, StorageProvisioner setup)
{
    /// <summary>A package as it was read, with what a commit needs to know of the rows.</summary>
    public sealed record Snapshot(Package Package, ETag InstallETag, ImmutableDictionary<Guid, ETag> CycleETags);

    public Task<Snapshot> ReadAsync(Guid accountId, long packageId, CancellationToken cancellationToken) => setup.RunAsync(
        async token =>
        {
            Install? install = null;
            ETag installETag = default;
            var cycles = ImmutableDictionary.CreateBuilder<Guid, Cycle>();
            var cycleETags = ImmutableDictionary.CreateBuilder<Guid, ETag>();
            var rows = clients.Installs.QueryAsync<TableEntity>(
                TableKeys.PackageFilter(accountId, packageId), cancellationToken: token);
            await foreach (var row in rows)
            {
                try
                {
                    if (row.GetString("Kind") == Install.Kind)
                    {
                        (install, installETag) = (Install.From(row), row.ETag);
                    }
                    else
                    {
                        var cycle = Cycle.From(row);
                        cycles[cycle.CycleId] = cycle;
                        cycleETags[cycle.CycleId] = row.ETag;
                    }
                }
                catch (Exception e) when (
                    e is InvalidOperationException or ArgumentException or FormatException or InvalidCastException)
                {
                    throw new UnreadableRowException(row.RowKey);
                }
            }

            var package = new Package(accountId, packageId) { Install = install, Cycles = cycles.ToImmutable() };
            return new Snapshot(package, installETag, cycleETags.ToImmutable());
        },
        cancellationToken);

    /// <exception cref="RequestFailedException">409, 412, 404: a lost race; the rows are as some other writer made
    /// them.</exception>
    public async Task CommitAsync(Snapshot before, Package after, CancellationToken cancellationToken)
    {
        foreach (var transaction in TableTransactions.Split(CycleActions(before, after), fence: InstallAction(before, after)))
        {
            await setup.RunAsync(token => clients.Installs.SubmitTransactionAsync(transaction, token), cancellationToken);
        }
    }

    /// <summary>Sorted by account and row. Rows that are no package's are among them.</summary>
    /// <param name="account">A partition; null reads all of them.</param>
    public IAsyncEnumerable<RawRow> ReadRowsAsync(string? account, CancellationToken cancellationToken) =>
        TableRowReader.ReadAsync(clients.Installs, TableRowReader.Partition(account), cancellationToken: cancellationToken);

    /// <summary>Commits rows of one package, or of none, whatever stood there before; by the same rules as every
    /// commit.</summary>
    /// <param name="present">All rows of the package, with their ETags.</param>
    /// <param name="wanted">The install row first. Empty: there is no such package.</param>
    /// <exception cref="RequestFailedException">409, 412, 404: a lost race; the rows are as some other writer made
    /// them.</exception>
    public async Task CommitAsync(
        IReadOnlyList<RawRow> present, IReadOnlyList<RawRow> wanted, CancellationToken cancellationToken)
    {
        var before = present.ToDictionary(row => row.RowKey);
        var actions = new List<TableTransactionAction>();
        foreach (var row in wanted.Skip(1))
        {
            if (before.GetValueOrDefault(row.RowKey)?.HasColumnsOf(row) != true)
            {
                actions.Add(Write(row));
            }
        }

        var surplus = present.ExceptBy(wanted.Select(row => row.RowKey), row => row.RowKey).Reverse();
        actions.AddRange(
            surplus.Select(row => new TableTransactionAction(TableTransactionActionType.Delete, row.ToEntity(), row.ETag)));

        // Without an install row to write, the first row that goes stands last: the install row, where there was one.
        var fence = wanted is [var install, ..] ? Write(install) : actions[^1];
        foreach (var transaction in TableTransactions.Split(actions.Where(action => action != fence), fence))
        {
            await setup.RunAsync(token => clients.Installs.SubmitTransactionAsync(transaction, token), cancellationToken);
        }

        TableTransactionAction Write(RawRow row) =>
            before.TryGetValue(row.RowKey, out var present) ? Replace(row.ToEntity(), present.ETag) : Insert(row.ToEntity());
    }

    /// <param name="rows">Of one account.</param>
    public Task<int> RemoveAsync(IEnumerable<RawRow> rows, CancellationToken cancellationToken) =>
        TableRowReader.RemoveAsync(clients.Installs, rows, onlyAsRead: false, cancellationToken);

    private static TableTransactionAction InstallAction(Snapshot before, Package after)
    {
        var install = after.Install ?? throw new InvalidOperationException("A commit needs the install row: it is the fence.");
        var entity = install.ToEntity(after.AccountId);
        return before.Package.Install is null ? Insert(entity) : Replace(entity, before.InstallETag);
    }

    private static IEnumerable<TableTransactionAction> CycleActions(Snapshot before, Package after)
    {
        foreach (var (cycleId, cycle) in after.Cycles)
        {
            if (!before.Package.Cycles.TryGetValue(cycleId, out var present))
            {
                yield return Insert(cycle.ToEntity(after.AccountId));
            }
            else if (present != cycle)
            {
                yield return Replace(cycle.ToEntity(after.AccountId), before.CycleETags[cycleId]);
            }
        }

        foreach (var (cycleId, cycle) in before.Package.Cycles)
        {
            if (!after.Cycles.ContainsKey(cycleId))
            {
                yield return new TableTransactionAction(
                    TableTransactionActionType.Delete, cycle.ToEntity(after.AccountId), before.CycleETags[cycleId]);
            }
        }
    }

    private static TableTransactionAction Insert(TableEntity entity) => new(TableTransactionActionType.Add, entity);

    private static TableTransactionAction Replace(TableEntity entity, ETag etag) =>
        new(TableTransactionActionType.UpdateReplace, entity, etag);
}

/// <summary>Somebody wrote a row who is not the application.</summary>
public sealed class UnreadableRowException(string rowKey)
    : Exception(
        $"row {rowKey} of {StorageNames.InstallsTable} is not as the application writes it; `rebuild --apply` writes it anew");
