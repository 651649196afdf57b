using System.Text;
using Azure.Data.Tables;
using MarketplaceWebhook.Installs;
using MarketplaceWebhook.Notifications;

namespace MarketplaceWebhook.Storage;

/// <summary>Reads StatusChanges for the dashboard and `probe`.</summary>
public sealed class StatusChangeQueries(StorageClients clients, PayloadBlobs payloads)
{
    /// <summary>One account's notifications, newest first.</summary>
    public async Task<ResultPage<StatusChange>> ListAsync(
        Guid accountId, int size, string? continuation, CancellationToken cancellationToken)
    {
        var rows = clients.StatusChanges.QueryAsync<TableEntity>(
            TableClient.CreateQueryFilter($"PartitionKey eq {TableKeys.Account(accountId)}"), size,
            EntityMapping.StatusChangeColumns, cancellationToken);
        var found = new List<StatusChange>();
        await foreach (var page in rows.AsPages(continuation, size).EmptyIfMissing(cancellationToken))
        {
            found.AddRange(page.Values.Readable(EntityMapping.ToStatusChange));
            continuation = page.ContinuationToken;
            if (found.Count >= size)
            {
                break;
            }
        }

        return new ResultPage<StatusChange>(found, continuation);
    }

    /// <returns>When the notification's row was written, by the clock of the storage; null if the row does not exist.</returns>
    public static async Task<DateTimeOffset?> FindWrittenAtAsync(
        StorageClients storage, Guid accountId, NotificationId id, CancellationToken cancellationToken)
    {
        var row = await storage.StatusChanges.GetEntityIfExistsAsync<TableEntity>(
            TableKeys.Account(accountId), TableKeys.NewestFirst(id), [nameof(TableEntity.Timestamp)], cancellationToken);
        return row.HasValue ? row.Value!.Timestamp : null;
    }

    /// <returns>The body exactly as received; null if the notification is unknown.</returns>
    public async Task<string?> GetPayloadAsync(Guid accountId, NotificationId id, CancellationToken cancellationToken)
    {
        var row = await clients.StatusChanges.GetEntityIfExistsAsync<TableEntity>(
            TableKeys.Account(accountId), TableKeys.NewestFirst(id), [Columns.Payload, Columns.PayloadBlob], cancellationToken);
        if (!row.HasValue)
        {
            return null;
        }

        return row.Value!.GetString(Columns.Payload)
            ?? Encoding.UTF8.GetString(
                (await payloads.GetAsync(row.Value.GetString(Columns.PayloadBlob), cancellationToken)).Span);
    }

    /// <summary>
    /// The notifications of all accounts, in no order. Reads the entire table: call it when a page is opened, not in a loop.
    /// </summary>
    public async Task<IReadOnlyList<(NotificationId Id, string Status)>> ListSinceAsync(
        DateTimeOffset since, int limit, CancellationToken cancellationToken)
    {
        var rows = clients.StatusChanges.QueryAsync<TableEntity>(
            TableClient.CreateQueryFilter($"ReceivedAt ge {since}"), select: [Columns.NotificationId, Columns.Status],
            cancellationToken: cancellationToken);
        var found = new List<(NotificationId, string)>();
        await foreach (var row in rows.EmptyIfMissing(cancellationToken))
        {
            if (row.GetNotificationId(Columns.NotificationId) is { } id && row.GetString(Columns.Status) is { } status)
            {
                found.Add((id, status));
            }

            if (found.Count == limit)
            {
                break;
            }
        }

        return found;
    }
}
