using System.Globalization;
using Azure;
using Azure.Data.Tables;
using MarketplaceWebhook.Notifications;

namespace MarketplaceWebhook.Storage;

/// <summary>A raw table row, including rows that cannot be parsed. Used by code that lists, compares or deletes rows.</summary>
/// <param name="Columns">Without keys, ETag and Timestamp.</param>
public sealed record RawRow(string PartitionKey, string RowKey, IReadOnlyDictionary<string, object> Columns)
{
    private const string Timestamp = "Timestamp";
    private const string ETagColumn = "odata.etag";

    internal ETag ETag { get; init; }

    /// <summary>By the clock of the storage.</summary>
    internal DateTimeOffset? WrittenAt { get; init; }

    public static RawRow From(TableEntity entity)
    {
        var columns = new Dictionary<string, object>(entity.Count);
        foreach (var (column, value) in entity)
        {
            if (value is not null && column is not (nameof(PartitionKey) or nameof(RowKey) or Timestamp or ETagColumn)
                && !IsEmptyApiId(column, value))
            {
                columns.Add(column, value);
            }
        }

        return new RawRow(entity.PartitionKey, entity.RowKey, columns) { ETag = entity.ETag, WrittenAt = entity.Timestamp };
    }

    /// <summary>An empty AccountApiId, which earlier versions wrote, is an absent one.</summary>
    private static bool IsEmptyApiId(string column, object value) => column == Storage.Columns.AccountApiId && value is "";

    internal TableEntity ToEntity()
    {
        var entity = new TableEntity(PartitionKey, RowKey);
        foreach (var (column, value) in Columns)
        {
            entity.Add(column, value);
        }

        return entity;
    }

    public bool HasColumnsOf(RawRow other) =>
        Columns.Count == other.Columns.Count
        && other.Columns.All(column => Columns.TryGetValue(column.Key, out var value) && value.Equals(column.Value));

    /// <summary>Null if the column is absent or of another type; the same for the others.</summary>
    public string? Text(string column) => Columns.GetValueOrDefault(column) as string;

    public long? Number(string column) => Columns.GetValueOrDefault(column) switch
    {
        int number => number,
        long number => number,
        _ => null,
    };

    public DateTimeOffset? Time(string column) => Columns.GetValueOrDefault(column) as DateTimeOffset?;

    public NotificationId? Id(string column) => NotificationId.TryParse(Text(column), out var id) ? id : null;

    /// <summary>The column's value for people.</summary>
    public static string Shown(object value) => value switch
    {
        string text => text,
        DateTimeOffset time => TimeText.Of(time),
        byte[] bytes => $"{bytes.Length} bytes",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };
}
