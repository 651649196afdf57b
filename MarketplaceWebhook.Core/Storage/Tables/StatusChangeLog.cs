using System.Runtime.CompilerServices;
using Azure;
using Azure.Data.Tables;
using MarketplaceWebhook.Installs;
using MarketplaceWebhook.Notifications;

namespace MarketplaceWebhook.Storage;

/// <summary>The table StatusChanges: every accepted notification once, append-only.</summary>
public sealed class StatusChangeLog(StorageClients clients)
{
    private const int MaxPageSize = 1000;

    private static readonly IReadOnlyList<string> WithoutPayload =
        [.. EntityMapping.StatusChangeColumns, Columns.ReceivedAt, Columns.PayloadBlob];

    /// <summary>Inserting is the check: a row that exists already is the same row.</summary>
    /// <returns>Whether the row is new.</returns>
    public async Task<bool> AppendAsync(StatusChange change, CancellationToken cancellationToken)
    {
        try
        {
            await clients.StatusChanges.AddEntityAsync(change.ToEntity(), cancellationToken);
            return true;
        }
        catch (RequestFailedException e) when (e is { Status: 409, ErrorCode: "EntityAlreadyExists" })
        {
            return false;
        }
    }

    /// <summary>False if the application has not run on this storage. Creates nothing with maintenance clients.</summary>
    public async Task<bool> ExistsAsync(CancellationToken cancellationToken)
    {
        try
        {
            // A query: reading one missing row gives the same result whether the table exists or not.
            await clients.StatusChanges.QueryAsync<TableEntity>(
                TableRowReader.Partition(""), cancellationToken: cancellationToken).AnyAsync(cancellationToken);
            return true;
        }
        catch (RequestFailedException e) when (StorageErrors.IsMissing(e))
        {
            return false;
        }
    }

    /// <summary>Sorted by account, each account's newest first.</summary>
    /// <param name="account">A partition; null reads all of them.</param>
    public IAsyncEnumerable<RawRow> ReadAsync(string? account, CancellationToken cancellationToken) =>
        ReadAsync(account, columns: null, pageSize: null, cancellationToken);

    /// <summary>The newest of an account, without their payloads.</summary>
    public IAsyncEnumerable<RawRow> ReadNewestAsync(string account, int count, CancellationToken cancellationToken) =>
        // One row more shows that the last one is the newest of its millisecond.
        ReadAsync(account, WithoutPayload, Math.Min(count, MaxPageSize - 1) + 1, cancellationToken).Take(count);

    private async IAsyncEnumerable<RawRow> ReadAsync(
        string? account, IEnumerable<string>? columns, int? pageSize,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Row keys decrease with time, but within one millisecond they increase with the ids.
        var sameTime = new Stack<RawRow>();
        await foreach (var row in TableRowReader.ReadAsync(
            clients.StatusChanges, TableRowReader.Partition(account), columns, pageSize, cancellationToken))
        {
            if (sameTime.TryPeek(out var before)
                && (before.PartitionKey != row.PartitionKey || !TableKeys.AreOfSameTime(before.RowKey, row.RowKey)))
            {
                while (sameTime.TryPop(out var newest))
                {
                    yield return newest;
                }
            }

            sameTime.Push(row);
        }

        while (sameTime.TryPop(out var newest))
        {
            yield return newest;
        }
    }

    public async Task<bool> ContainsAsync(string account, NotificationId id, CancellationToken cancellationToken) =>
        (await clients.StatusChanges.GetEntityIfExistsAsync<TableEntity>(
            account, TableKeys.NewestFirst(id), [nameof(TableEntity.RowKey)], cancellationToken)).HasValue;

    /// <param name="rows">Of one account.</param>
    public Task<int> RemoveAsync(IEnumerable<RawRow> rows, CancellationToken cancellationToken) =>
        TableRowReader.RemoveAsync(clients.StatusChanges, rows, onlyAsRead: false, cancellationToken);
}
