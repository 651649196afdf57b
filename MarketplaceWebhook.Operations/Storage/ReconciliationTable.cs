using Azure.Data.Tables;
using MarketplaceWebhook.Installs;

namespace MarketplaceWebhook.Storage;

/// <summary>The table Reconciliations: the differences from Cyclr that the last comparison of each account found.</summary>
public sealed class ReconciliationTable(StorageClients clients)
{
    private static readonly string[] Keys = [nameof(TableEntity.PartitionKey), nameof(TableEntity.RowKey)];

    private static readonly string[] RunColumns =
        [.. Keys, Columns.Kind, Columns.StartedAt, Columns.FinishedAt, Columns.Accounts];

    /// <summary>A row without FinishedAt: the run was cut off, or is not finished yet.</summary>
    public Task StartRunAsync(DateTimeOffset startedAt, string? after, CancellationToken cancellationToken) =>
        PutRunAsync(RunEntity(startedAt, after), cancellationToken);

    public Task FinishRunAsync(
        DateTimeOffset startedAt, DateTimeOffset finishedAt, string? after, int accounts, int differences,
        CancellationToken cancellationToken) =>
        PutRunAsync(
            RunEntity(startedAt, after)
                .With(Columns.FinishedAt, finishedAt)
                .With(Columns.Accounts, accounts)
                .With(Columns.Differences, differences),
            cancellationToken);

    /// <summary>
    /// Writes the new rows, then removes the others. If it is cut off in between, rows of both comparisons are present until the
    /// account is compared again.
    /// </summary>
    /// <param name="account">A partition.</param>
    public async Task ReplaceAsync(
        string account, string? accountApiId, IEnumerable<ReconciliationDifference> differences, DateTimeOffset checkedAt,
        CancellationToken cancellationToken)
    {
        var rows = differences.Select(difference => Entity(difference, account, accountApiId, checkedAt)).ToList();
        var before = await ReadAsync(account, Keys, cancellationToken).ToListAsync(cancellationToken);
        var writes = rows.ConvertAll(row => new TableTransactionAction(TableTransactionActionType.UpsertReplace, row));
        if (writes.Count > 0)
        {
            foreach (var transaction in TableTransactions.Split(writes.SkipLast(1), writes[^1]))
            {
                await clients.Reconciliations.SubmitTransactionAsync(transaction, cancellationToken);
            }
        }

        await RemoveAsync(before.ExceptBy(rows.Select(row => row.RowKey), row => row.RowKey), cancellationToken);
    }

    /// <summary>Empty if the table does not exist: no reconciliation has run on this storage.</summary>
    /// <param name="account">A partition.</param>
    public IAsyncEnumerable<RawRow> ReadAsync(string account, CancellationToken cancellationToken) =>
        ReadAsync(account, columns: null, cancellationToken);

    /// <returns>The last run, with the differences that are stored now; null: none has run on this storage.</returns>
    public async Task<ReconciliationRun?> FindLastRunAsync(CancellationToken cancellationToken)
    {
        var (run, counts) = ((RawRow?)null, new SortedDictionary<string, int>(StringComparer.Ordinal));
        await foreach (var row in ReadAsync(account: null, RunColumns, cancellationToken))
        {
            if (row.PartitionKey == ReconciliationKeys.RunPartition)
            {
                run = row;
            }
            else
            {
                var kind = row.Text(Columns.Kind) ?? "";
                counts[kind] = counts.GetValueOrDefault(kind) + 1;
            }
        }

        return run is null && counts.Count == 0 ? null : new ReconciliationRun(
            run?.Time(Columns.StartedAt), run?.Time(Columns.FinishedAt), run?.Number(Columns.Accounts),
            [.. counts.Select(count => new DifferenceCount(count.Key, count.Value))]);
    }

    /// <param name="rows">Of one account.</param>
    public Task<int> RemoveAsync(IEnumerable<RawRow> rows, CancellationToken cancellationToken) =>
        TableRowReader.RemoveAsync(clients.Reconciliations, rows, onlyAsRead: false, cancellationToken);

    /// <summary>Removes the rows of all other accounts.</summary>
    /// <param name="accounts">Partitions.</param>
    public async Task RemoveOthersAsync(IReadOnlySet<string> accounts, CancellationToken cancellationToken)
    {
        var rows = ReadAsync(account: null, Keys, cancellationToken)
            .Where(row => row.PartitionKey != ReconciliationKeys.RunPartition && !accounts.Contains(row.PartitionKey));
        var partition = new List<RawRow>();
        await foreach (var row in rows)
        {
            if (partition is [var first, ..] && first.PartitionKey != row.PartitionKey)
            {
                await RemoveAsync(partition, cancellationToken);
                partition.Clear();
            }

            partition.Add(row);
        }

        await RemoveAsync(partition, cancellationToken);
    }

    private IAsyncEnumerable<RawRow> ReadAsync(
        string? account, IEnumerable<string>? columns, CancellationToken cancellationToken) =>
        TableRowReader.ReadAsync(
            clients.Reconciliations, TableRowReader.Partition(account), columns, cancellationToken: cancellationToken);

    private Task PutRunAsync(TableEntity row, CancellationToken cancellationToken) =>
        clients.Reconciliations.UpsertEntityAsync(row, TableUpdateMode.Replace, cancellationToken);

    private static TableEntity RunEntity(DateTimeOffset startedAt, string? after) =>
        new TableEntity(ReconciliationKeys.RunPartition, ReconciliationKeys.LastRun)
            .With(Columns.StartedAt, startedAt)
            .With(Columns.Detail, after is null ? null : $"Continued after account {after}.");

    /// <param name="account">A partition.</param>
    internal static TableEntity Entity(
        ReconciliationDifference difference, string account, string? accountApiId, DateTimeOffset checkedAt) =>
        new TableEntity(account, ReconciliationKeys.Difference(difference))
            .With(Columns.Kind, difference.Kind)
            .With(Columns.AccountApiId, CutOrNull(accountApiId))
            .With(Columns.PackageId, difference.PackageId)
            .With(Columns.CycleId, difference.CycleId?.ToString())
            .With(Columns.TemplateId, CutOrNull(difference.TemplateId))
            .With(Columns.Expected, difference.Expected)
            .With(Columns.Actual, CutOrNull(difference.Actual))
            .With(Columns.Detail, ColumnText.Cut(difference.Detail))
            .With(Columns.CheckedAt, checkedAt);

    private static string? CutOrNull(string? text) => text is null ? null : ColumnText.Cut(text);
}
