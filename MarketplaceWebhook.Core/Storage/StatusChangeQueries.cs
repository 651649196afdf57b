using System.Text;
using Azure.Data.Tables;
using MarketplaceWebhook.Notifications;

namespace MarketplaceWebhook.Storage;

/// <summary>The table StatusChanges, read for people.</summary>
public sealed class StatusChangeQueries(StorageClients clients, StorageProvisioner setup, PayloadBlobs payloads)
{
    private static readonly string[] ColumnsWithoutPayload =
    [
        "RowKey", "NotificationId", "Source", "Status", "PackageId", "AccountApiId", "UserId", "CompleteParameter",
        "CycleCount", "ErrorCount", "Errors", "Warnings",
    ];

    /// <summary>A row of the log as its columns say it, without the payload.</summary>
    public sealed record Entry
    {
        public required NotificationId Id { get; init; }

        public required string Source { get; init; }

        public required string Status { get; init; }

        public required long PackageId { get; init; }

        public string? AccountApiId { get; init; }

        public string? UserId { get; init; }

        public string? CompleteParameter { get; init; }

        public int? CycleCount { get; init; }

        public int? ErrorCount { get; init; }

        /// <summary>JSON array of texts.</summary>
        public string? Errors { get; init; }

        /// <summary>JSON array of texts.</summary>
        public string? Warnings { get; init; }
    }

    /// <summary>One account's notifications, newest first.</summary>
    public Task<ResultPage<Entry>> ListAsync(Guid accountId, int size, string? continuation, CancellationToken cancellationToken) =>
        setup.RunAsync(
            async token =>
            {
                var rows = clients.StatusChanges.QueryAsync<TableEntity>(
                    TableClient.CreateQueryFilter($"PartitionKey eq {TableKeys.Account(accountId)}"), size, ColumnsWithoutPayload, token);
                var found = new List<Entry>();
                await foreach (var page in rows.AsPages(continuation, size))
                {
                    found.AddRange(page.Values.Readable(From));
                    continuation = page.ContinuationToken;
                    if (found.Count >= size)
                    {
                        break;
                    }
                }

                return new ResultPage<Entry>(found, continuation);
            },
            cancellationToken);

    /// <returns>The body exactly as it came; null where there is no such notification.</returns>
    public async Task<string?> GetPayloadAsync(Guid accountId, NotificationId id, CancellationToken cancellationToken)
    {
        var row = await setup.RunAsync(
            token => clients.StatusChanges.GetEntityIfExistsAsync<TableEntity>(
                TableKeys.Account(accountId), TableKeys.NewestFirst(id), ["Payload", "PayloadBlob"], token),
            cancellationToken);
        if (!row.HasValue)
        {
            return null;
        }

        return row.Value!.GetString("Payload")
            ?? Encoding.UTF8.GetString((await payloads.GetAsync(row.Value.GetString("PayloadBlob"), cancellationToken)).Span);
    }

    /// <summary>What came over all accounts, in no order. It reads the whole table: for a page that somebody opens, not for a loop.</summary>
    public Task<IReadOnlyList<(NotificationId Id, string Status)>> ListSinceAsync(
        DateTimeOffset since, int limit, CancellationToken cancellationToken) => setup.RunAsync(
        async token =>
        {
            var rows = clients.StatusChanges.QueryAsync<TableEntity>(
                TableClient.CreateQueryFilter($"ReceivedAt ge {since}"), select: ["NotificationId", "Status"], cancellationToken: token);
            var found = new List<(NotificationId, string)>();
            await foreach (var row in rows)
            {
                if (row.GetNotificationId("NotificationId") is { } id && row.GetString("Status") is { } status)
                {
                    found.Add((id, status));
                }

                if (found.Count == limit)
                {
                    break;
                }
            }

            return (IReadOnlyList<(NotificationId, string)>)found;
        },
        cancellationToken);

    private static Entry From(TableEntity row) => new()
    {
        Id = row.GetNotificationId("NotificationId")!.Value,
        Source = row.GetString("Source"),
        Status = row.GetString("Status"),
        PackageId = row.GetInt64("PackageId")!.Value,
        AccountApiId = row.GetString("AccountApiId"),
        UserId = row.GetString("UserId"),
        CompleteParameter = row.GetString("CompleteParameter"),
        CycleCount = row.GetInt32("CycleCount"),
        ErrorCount = row.GetInt32("ErrorCount"),
        Errors = row.GetString("Errors"),
        Warnings = row.GetString("Warnings"),
    };
}
