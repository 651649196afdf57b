using Azure;
using Azure.Data.Tables;

namespace MarketplaceWebhook.Tests.Support.MemoryTables;

/// <summary>
/// The rows of one table and the rules by which the table service changes them. Not thread-safe: its client locks.
/// </summary>
internal sealed class MemoryTable(TimeProvider? time)
{
    private const int MaxTextCharacters = 32 * 1024;
    private const int MaxEntityBytes = 1024 * 1024;
    private const int MaxTransactionBytes = 4 * 1024 * 1024;
    private const int MaxTransactionActions = 100;

    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private SortedList<Key, Row> _rows = [];
    private DateTimeOffset _written = Start;

    internal readonly record struct Key(string Partition, string Row) : IComparable<Key>
    {
        public int CompareTo(Key other) =>
            string.CompareOrdinal(Partition, other.Partition) is not 0 and var order
                ? order : string.CompareOrdinal(Row, other.Row);
    }

    private sealed record Row(IReadOnlyDictionary<string, object> Columns, ETag ETag, DateTimeOffset Timestamp);

    public IReadOnlyList<TableEntity> All => [.. _rows.Keys.Select(key => Read(key, null))];

    public TableEntity? Find(string partitionKey, string rowKey, IEnumerable<string>? select) =>
        _rows.ContainsKey(new(partitionKey, rowKey)) ? Read(new(partitionKey, rowKey), select?.ToHashSet()) : null;

    /// <summary>
    /// Covers no more than <paramref name="size"/> rows, so that a page may be short or empty and still not the last.
    /// </summary>
    public (List<TableEntity> Page, Key? Next) Scan(
        Key? from, int size, Func<IReadOnlyDictionary<string, object>, bool> matches, HashSet<string>? select)
    {
        var first = from is { } key ? FirstFrom(key) : 0;
        var end = Math.Min(first + size, _rows.Count);
        var page = new List<TableEntity>();
        for (var index = first; index < end; index++)
        {
            if (matches(_rows.Values[index].Columns))
            {
                page.Add(Read(_rows.Keys[index], select));
            }
        }

        return (page, end < _rows.Count ? _rows.Keys[end] : null);
    }

    public ETag? Apply(TableTransactionAction action)
    {
        var entity = action.Entity;
        var key = new Key(entity.PartitionKey, entity.RowKey);
        var present = _rows.GetValueOrDefault(key);

        var missing = action.ActionType is TableTransactionActionType.UpdateMerge or TableTransactionActionType.UpdateReplace
            or TableTransactionActionType.Delete;
        if (missing && present is null)
        {
            throw Error(404, "ResourceNotFound");
        }

        if (action.ActionType is TableTransactionActionType.Add && present is not null)
        {
            throw Error(409, "EntityAlreadyExists");
        }

        if (missing && action.ETag != default && action.ETag != ETag.All && action.ETag != present!.ETag)
        {
            throw Error(412, "UpdateConditionNotSatisfied");
        }

        if (action.ActionType is TableTransactionActionType.Delete)
        {
            _rows.Remove(key);
            return null;
        }

        var columns = Columns((TableEntity)entity);
        if (action.ActionType is TableTransactionActionType.UpdateMerge or TableTransactionActionType.UpsertMerge)
        {
            columns = Merged(present?.Columns, columns);
        }

        var now = time?.GetUtcNow() ?? Start;
        var timestamp = _written = now > _written ? now : _written.AddTicks(1);
        var etag = new ETag($"W/\"datetime'{Uri.EscapeDataString(timestamp.ToString("O"))}'\"");
        _rows[key] = new(columns, etag, timestamp);
        return etag;
    }

    /// <summary>All actions or none.</summary>
    public List<ETag?> ApplyAll(IReadOnlyList<TableTransactionAction> actions)
    {
        if (actions.Count > MaxTransactionActions)
        {
            throw Failed(Error(400, "InvalidInput"), MaxTransactionActions);
        }

        if (actions.Sum(action => SizeOf(((TableEntity)action.Entity))) > MaxTransactionBytes)
        {
            throw Failed(Error(413, "RequestBodyTooLarge"), 0);
        }

        var before = new SortedList<Key, Row>(_rows);
        var seen = new HashSet<Key>();
        var etags = new List<ETag?>();
        for (var index = 0; index < actions.Count; index++)
        {
            try
            {
                var entity = actions[index].Entity;
                if (entity.PartitionKey != actions[0].Entity.PartitionKey)
                {
                    throw Error(400, "CommandsInBatchActOnDifferentPartitions");
                }

                if (!seen.Add(new(entity.PartitionKey, entity.RowKey)))
                {
                    throw Error(400, "InvalidDuplicateRow");
                }

                etags.Add(Apply(actions[index]));
            }
            catch (RequestFailedException error)
            {
                _rows = before;
                throw Failed(error, index);
            }
        }

        return etags;
    }

    public static RequestFailedException Error(int status, string code) => new(status, $"{code}\nStatus: {status}", code, null);

    private static TableTransactionFailedException Failed(RequestFailedException error, int index)
    {
        error.Data["FailedEntity"] = index.ToString(System.Globalization.CultureInfo.InvariantCulture);
        return new(error);
    }

    private int FirstFrom(Key key)
    {
        var (low, high) = (0, _rows.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_rows.Keys[middle].CompareTo(key) < 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    private TableEntity Read(Key key, HashSet<string>? select)
    {
        var row = _rows[key];
        var entity = new TableEntity();
        foreach (var (name, value) in row.Columns)
        {
            if (select is null || select.Contains(name))
            {
                entity[name] = value;
            }
        }

        entity.ETag = row.ETag;
        if (select is null || select.Contains("Timestamp"))
        {
            entity.Timestamp = row.Timestamp;
        }

        return entity;
    }

    private static Dictionary<string, object> Columns(TableEntity entity)
    {
        var columns = entity.Where(pair => pair.Value is not null && pair.Key is not ("odata.etag" or "Timestamp"))
            .ToDictionary(pair => pair.Key, pair => Stored(pair.Value));
        if (columns.Values.Any(value => value is string { Length: > MaxTextCharacters }))
        {
            throw Error(400, "PropertyValueTooLarge");
        }

        return SizeOf(entity) > MaxEntityBytes ? throw Error(400, "EntityTooLarge") : columns;
    }

    private static object Stored(object value) => value switch
    {
        string or bool or int or long or double or Guid or byte[] => value,
        DateTimeOffset time => time.ToUniversalTime(),
        DateTime time => new DateTimeOffset(time.ToUniversalTime()),
        _ => throw new NotSupportedException($"A table has no column of type {value.GetType()}."),
    };

    private static Dictionary<string, object> Merged(
        IReadOnlyDictionary<string, object>? present, Dictionary<string, object> columns)
    {
        var merged = present is null ? [] : new Dictionary<string, object>(present);
        foreach (var (name, value) in columns)
        {
            merged[name] = value;
        }

        return merged;
    }

    private static int SizeOf(TableEntity entity) => entity.Sum(pair => 2 * pair.Key.Length + pair.Value switch
    {
        string text => 2 * text.Length,
        byte[] bytes => bytes.Length,
        _ => 16,
    });
}
