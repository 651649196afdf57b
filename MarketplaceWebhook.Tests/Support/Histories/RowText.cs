using System.Globalization;
using System.Text.Json.Nodes;
using Azure.Data.Tables;

namespace MarketplaceWebhook.Tests.Support.Histories;

/// <summary>
/// Rows as lines, to be compared: every column with its type, JSON columns without regard to how they are escaped.
/// </summary>
internal static class RowText
{
    public static List<string> Lines(IEnumerable<TableEntity> rows) => [.. rows.Select(Line).Order(StringComparer.Ordinal)];

    private static string Line(TableEntity row) => $"{row.PartitionKey}/{row.RowKey} " + string.Join(", ", row
        .Where(pair => pair.Value is not null && pair.Key is not ("PartitionKey" or "RowKey" or "Timestamp" or "odata.etag"))
        .OrderBy(pair => pair.Key, StringComparer.Ordinal)
        .Select(pair => $"{pair.Key}:{pair.Value.GetType().Name}={Text(pair.Key, pair.Value)}"));

    private static string Text(string column, object value) => value switch
    {
        string json when column is "Errors" or "Webhooks" or "Warnings" => JsonNode.Parse(json)!.ToJsonString(),
        DateTimeOffset time => time.UtcDateTime.ToString("O", CultureInfo.InvariantCulture),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };
}
