using System.Globalization;
using System.Text.Json;
using Azure;
using Azure.Data.Tables;

namespace MarketplaceWebhook.Tests.Support.MemoryTables;

/// <summary>Random calls of a table client, the same for the same seed, and the outcome of each.</summary>
internal sealed class RandomTableCalls(TableClient table, int seed)
{
    private static readonly string[] Rows = ["12", "12_a", "12_b", "123", "13", "é", "Z", "a'b"];

    private static readonly string[] Filters =
    [
        "PartitionKey eq 'p1'",
        "PartitionKey eq 'p1' and RowKey ge '12' and RowKey lt '12`'",
        "PartitionKey eq 'p0' and RowKey ge '12' and RowKey lt '12`' and PackageId eq 3000000000L",
        "RowKey gt '12_a' and (Count eq 1 or Flag eq true)",
        "not (RowKey eq '12') and PartitionKey eq 'p0'",
        "At ge datetime'2026-01-02T00:00:00.0000000Z'",
        "Id eq guid'00000000-0000-0000-0000-000000000001'",
        "RowKey eq 'a''b' or RowKey eq 'é'",
        "Count lt 2 and Text ne 'one'",
        "",
    ];

    private readonly Random _random = new(seed);
    private readonly Dictionary<(string, string), List<ETag>> _known = [];

    /// <summary>One line per call, then one per row.</summary>
    public async Task<List<string>> RunAsync(int calls, CancellationToken cancellationToken)
    {
        var lines = new List<string>();
        for (var call = 1; call <= calls; call++)
        {
            lines.Add($"{call}: {await OneAsync(cancellationToken)}");
        }

        await foreach (var row in table.QueryAsync<TableEntity>(cancellationToken: cancellationToken))
        {
            lines.Add(Describe(row));
        }

        return lines;
    }

    private async Task<string> OneAsync(CancellationToken cancellationToken)
    {
        var (partition, row) = Key();
        var entity = Entity(partition, row);
        var etag = Known(partition, row);
        var mode = _random.Next(2) == 0 ? TableUpdateMode.Merge : TableUpdateMode.Replace;
        switch (_random.Next(8))
        {
            case 0:
                return $"add {row} " + await StatusOf([row], partition, () => table.AddEntityAsync(entity, cancellationToken));
            case 1:
                return $"update {mode} {row} "
                    + await StatusOf([row], partition, () => table.UpdateEntityAsync(entity, etag, mode, cancellationToken));
            case 2:
                return $"upsert {mode} {row} "
                    + await StatusOf([row], partition, () => table.UpsertEntityAsync(entity, mode, cancellationToken));
            case 3:
                return $"delete {row} "
                    + await StatusOf([row], partition, () => table.DeleteEntityAsync(partition, row, etag, cancellationToken));
            case 4:
                string[]? select = _random.Next(2) == 0 ? ["Text", "Count"] : null;
                return $"get {row} " + await Outcome(async () =>
                    Describe((await table.GetEntityAsync<TableEntity>(partition, row, select, cancellationToken)).Value));
            case 5:
                return $"get if exists {row} " + await Outcome(async () =>
                    await table.GetEntityIfExistsAsync<TableEntity>(partition, row, cancellationToken: cancellationToken) is
                    { HasValue: true, Value: { } found }
                        ? Describe(found) : "none");
            case 6:
                var filter = Filters[_random.Next(Filters.Length)];
                int? perPage = _random.Next(2) == 0 ? _random.Next(1, 4) : null;
                var rows = table.QueryAsync<TableEntity>(filter, perPage, cancellationToken: cancellationToken).Select(Describe);
                return $"query {filter} " + await Outcome(
                    async () => string.Join(" | ", await rows.ToListAsync(cancellationToken)));
            default:
                var actions = Enumerable.Range(0, _random.Next(1, 6)).Select(_ => Action(partition)).ToList();
                return $"transaction {string.Join(',', actions.Select(action => $"{action.ActionType} {action.Entity.RowKey}"))} "
                    + await Outcome(async () =>
                    {
                        var responses = (await table.SubmitTransactionAsync(actions, cancellationToken)).Value;
                        foreach (var (action, response) in actions.Zip(responses))
                        {
                            Remember(partition, action.Entity.RowKey, response);
                        }

                        return string.Join(',', responses.Select(response => response.Status));
                    });
        }
    }

    private (string Partition, string Row) Key() => ($"p{_random.Next(2)}", Rows[_random.Next(Rows.Length)]);

    private TableTransactionAction Action(string partition)
    {
        var (_, row) = Key();
        return new((TableTransactionActionType)_random.Next(6), Entity(partition, row), Known(partition, row));
    }

    private TableEntity Entity(string partition, string row)
    {
        var entity = new TableEntity(partition, row);
        if (_random.Next(2) == 0)
        {
            entity["Text"] = _random.Next(2) == 0 ? "one" : "two ü 𝄞";
        }

        if (_random.Next(2) == 0)
        {
            entity["PackageId"] = 3_000_000_000L;
        }

        if (_random.Next(2) == 0)
        {
            entity["Count"] = _random.Next(3);
        }

        if (_random.Next(2) == 0)
        {
            entity["Flag"] = _random.Next(2) == 0;
        }

        if (_random.Next(2) == 0)
        {
            entity["Id"] = new Guid(_random.Next(2), 0, 0, new byte[8]);
        }

        if (_random.Next(2) == 0)
        {
            entity["At"] = new DateTimeOffset(2026, 1, _random.Next(1, 4), 0, 0, 0, 123, TimeSpan.FromHours(2));
        }

        if (_random.Next(4) == 0)
        {
            entity["Nothing"] = null;
        }

        return entity;
    }

    /// <summary>Any, the newest, or an outdated one.</summary>
    private ETag Known(string partition, string row)
    {
        var choice = _random.Next(3);
        return choice > 0 && _known.TryGetValue((partition, row), out var etags) ? etags[choice == 1 ? ^1 : 0] : ETag.All;
    }

    private void Remember(string partition, string row, Response response)
    {
        if (response.Headers.ETag is not { } etag)
        {
            return;
        }

        if (!_known.TryGetValue((partition, row), out var etags))
        {
            _known[(partition, row)] = etags = [];
        }

        etags.Add(etag);
    }

    private Task<string> StatusOf(string[] rows, string partition, Func<Task<Response>> call) => Outcome(async () =>
    {
        var response = await call();
        Remember(partition, rows[0], response);
        return response.Status.ToString(CultureInfo.InvariantCulture);
    });

    private static async Task<string> Outcome(Func<Task<string>> call)
    {
        try
        {
            return await call();
        }
        catch (TableTransactionFailedException error)
        {
            return $"{error.GetType().Name} {error.Status} {error.ErrorCode} at {error.FailedTransactionActionIndex}";
        }
        catch (RequestFailedException error)
        {
            return $"{error.GetType().Name} {error.Status} {error.ErrorCode}";
        }
    }

    private static string Describe(TableEntity row) => JsonSerializer.Serialize(row
        .Where(pair => pair.Key is not ("odata.etag" or "Timestamp"))
        .OrderBy(pair => pair.Key, StringComparer.Ordinal)
        .ToDictionary(pair => $"{pair.Key}:{pair.Value.GetType().Name}", pair => pair.Value));
}
