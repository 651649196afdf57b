using System.Globalization;
using System.Text.Json.Nodes;
using Azure;
using Azure.Data.Tables;

namespace MarketplaceWebhook.Tests.Support;

/// <summary>The rows of a table as JSON, with the columns' types where they are no text.</summary>
internal static class Rows
{
    private static readonly string[] OfStorage = ["odata.etag", "Timestamp"];

    public static async Task<JsonArray> ReadAsync(TableClient table, CancellationToken cancellationToken) =>
        [.. (await ListAsync(table, cancellationToken)).Select(row => (JsonNode)Of(row))];

    public static async Task<List<TableEntity>> ListAsync(TableClient table, CancellationToken cancellationToken)
    {
        var rows = new List<TableEntity>();
        await foreach (var row in table.QueryAsync<TableEntity>(cancellationToken: cancellationToken))
        {
            rows.Add(row);
        }

        return rows;
    }

    /// <summary>Every write of a row changes its ETag.</summary>
    public static async Task<Dictionary<string, ETag>> ETagsAsync(TableClient table, CancellationToken cancellationToken) =>
        (await ListAsync(table, cancellationToken)).ToDictionary(row => $"{row.PartitionKey} {row.RowKey}", row => row.ETag);

    public static JsonObject Of(TableEntity row) =>
        new(row.Where(column => !OfStorage.Contains(column.Key)).Select(column => column.Value switch
        {
            string text => KeyValuePair.Create(column.Key, (JsonNode?)text),
            int number => KeyValuePair.Create($"{column.Key} (Int32)", (JsonNode?)number),
            long number => KeyValuePair.Create($"{column.Key} (Int64)", (JsonNode?)number),
            DateTimeOffset time =>
                KeyValuePair.Create($"{column.Key} (DateTime)", (JsonNode?)time.ToString("O", CultureInfo.InvariantCulture)),
            var other =>
                throw new InvalidOperationException($"{column.Key} is of a type that no contract has: {other.GetType()}."),
        }));
}
