using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace MarketplaceWebhook.Benchmarks.Macro;

/// <summary>
/// Stores rows sorted by partition and row key, as Table Storage does: the cost of a query depends on its result. Supports only
/// what the first notification of a package and the lookup of an account need. (Azurite reads all rows of the table in every
/// query.)
/// </summary>
internal sealed partial class SortedTables
{
    private readonly ConcurrentDictionary<string, SortedSet<Row>> _tables = new(StringComparer.Ordinal);

    /// <returns>False if a row with these keys exists.</returns>
    public bool Insert(string table, string rowJson)
    {
        using var row = JsonDocument.Parse(rowJson);
        return Insert(
            table, row.RootElement.GetProperty("PartitionKey").GetString()!,
            row.RootElement.GetProperty("RowKey").GetString()!, rowJson);
    }

    public bool Insert(string table, string partitionKey, string rowKey, string rowJson)
    {
        var rows = Rows(table);
        lock (rows)
        {
            return rows.Add(new Row(Key(partitionKey, rowKey), rowJson));
        }
    }

    /// <param name="filter">A partition with a range of row keys, a partition, an AccountApiId, or both of these.</param>
    public IReadOnlyList<string> Query(string table, string filter)
    {
        var rows = Rows(table);
        lock (rows)
        {
            if (Range().Match(filter) is { Success: true } range)
            {
                return [.. Between(range.Groups[1].Value, range.Groups[2].Value, range.Groups[3].Value).Select(row => row.Json)];
            }

            if (ApiId().Match(filter) is { Success: true } apiId)
            {
                var found = apiId.Groups[1] is { Success: true, Value: var partition }
                    ? Between(partition, "", char.MaxValue.ToString())
                    : rows;
                var column = apiId.Groups[2].Success ? $"\"AccountApiId\":\"{apiId.Groups[2].Value}\"" : "";
                return [.. found.Select(row => row.Json).Where(json => json.Contains(column, StringComparison.Ordinal))];
            }
        }

        throw new NotSupportedException($"{filter} is not supported.");

        SortedSet<Row> Between(string partition, string from, string to) =>
            rows.GetViewBetween(new Row(Key(partition, from), ""), new Row(Key(partition, to), ""));
    }

    private SortedSet<Row> Rows(string table) => _tables.GetOrAdd(table, _ => []);

    private static string Key(string partitionKey, string rowKey) => $"{partitionKey}\n{rowKey}";

    private readonly record struct Row(string Key, string Json) : IComparable<Row>
    {
        public int CompareTo(Row other) => string.CompareOrdinal(Key, other.Key);
    }

    [GeneratedRegex("^PartitionKey eq '([^']*)' and RowKey ge '([^']*)' and RowKey lt '([^']*)'")]
    private static partial Regex Range();

    [GeneratedRegex("^(?:PartitionKey eq '([^']*)')?(?: and )?(?:AccountApiId eq '([^']*)')?$")]
    private static partial Regex ApiId();
}
