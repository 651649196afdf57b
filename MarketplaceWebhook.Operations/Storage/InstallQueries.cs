using System.Text;
using Azure.Data.Tables;
using MarketplaceWebhook.Installs;

namespace MarketplaceWebhook.Storage;

/// <summary>Reads Installs: pages of installs over all accounts, and everything that one account has.</summary>
public sealed class InstallQueries(StorageClients clients, TimeProvider time)
{
    /// <summary>
    /// A selective filter makes storage read a lot: after this time the page ends with what was found, and a continuation.
    /// </summary>
    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(5);

    private static readonly string[] CountedColumns = [Columns.Status, Columns.ErrorCount];

    /// <param name="Account">The beginning of the AccountId, or a complete one in any usual form.</param>
    /// <param name="AccountApiId">Its beginning, case-sensitive.</param>
    /// <param name="HasErrors">Only those whose last installation had errors.</param>
    public sealed record Filter(
        string? Account = null, string? AccountApiId = null, string? Status = null, bool HasErrors = false);

    public sealed record AccountInstall(Guid AccountId, Install Install);

    /// <summary>Pages in the order of the table, by account and package; within a page the latest change first.</summary>
    public async Task<ResultPage<AccountInstall>> ListAsync(
        Filter filter, int size, string? continuation, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var found = new List<AccountInstall>();
        var rows = clients.Installs.QueryAsync<TableEntity>(Text(filter), size, cancellationToken: cancellationToken);
        await foreach (var page in rows.AsPages(continuation, size).EmptyIfMissing(cancellationToken))
        {
            found.AddRange(page.Values.Readable(row => new AccountInstall(Guid.Parse(row.PartitionKey), row.ToInstall())));
            continuation = page.ContinuationToken;
            if (found.Count >= size || time.GetElapsedTime(started) > TimeLimit)
            {
                break;
            }
        }

        return new ResultPage<AccountInstall>(
            [.. found.OrderByDescending(install => install.Install.StatusNotificationId)], continuation);
    }

    /// <summary>All packages of an account, sorted by id. A row that was edited by hand and cannot be read is skipped.</summary>
    public async Task<IReadOnlyList<Package>> ReadAccountAsync(Guid accountId, CancellationToken cancellationToken)
    {
        var rows = await clients.Installs
            .QueryAsync<TableEntity>(
                TableClient.CreateQueryFilter($"PartitionKey eq {TableKeys.Account(accountId)}"),
                cancellationToken: cancellationToken)
            .EmptyIfMissing(cancellationToken)
            .ToLookupAsync(row => row[Columns.Kind] as string ?? "", cancellationToken: cancellationToken);
        var installs = rows[EntityMapping.InstallKind].Readable(EntityMapping.ToInstall).ToLookup(row => row.PackageId);
        var cycles = rows[EntityMapping.CycleKind].Readable(EntityMapping.ToCycle).ToLookup(row => row.PackageId);
        return
        [
            .. installs.Select(package => package.Key).Union(cycles.Select(package => package.Key)).Order()
                .Select(id => new Package(accountId, id)
                {
                    Install = installs[id].LastOrDefault(),
                    Cycles = cycles[id].DistinctBy(cycle => cycle.CycleId).ToDictionary(cycle => cycle.CycleId),
                }),
        ];
    }

    /// <summary>The installs of each status; reads all of Installs.</summary>
    public async Task<IReadOnlyList<InstallCount>> CountAsync(CancellationToken cancellationToken)
    {
        var counts = new SortedDictionary<string, InstallCount>(StringComparer.Ordinal);
        await foreach (var row in TableRowReader.ReadAsync(
            clients.Installs, TableClient.CreateQueryFilter($"Kind eq {EntityMapping.InstallKind}"), CountedColumns,
            cancellationToken: cancellationToken))
        {
            var status = row.Text(Columns.Status) ?? "";
            var count = counts.GetValueOrDefault(status) ?? new InstallCount(status, Number: 0, WithErrors: 0);
            counts[status] = count with
            {
                Number = count.Number + 1,
                WithErrors = count.WithErrors + (row.Number(Columns.ErrorCount) > 0 ? 1 : 0),
            };
        }

        return [.. counts.Values];
    }

    private static string Text(Filter filter)
    {
        var text = new StringBuilder(TableClient.CreateQueryFilter($"Kind eq {EntityMapping.InstallKind}"));
        if (Guid.TryParse(filter.Account, out var accountId))
        {
            text.Append(" and ").Append(TableClient.CreateQueryFilter($"PartitionKey eq {TableKeys.Account(accountId)}"));
        }
        else if (filter.Account is { Length: > 0 } account)
        {
            var start = account.ToLowerInvariant();
            text.Append(" and ")
                .Append(TableClient.CreateQueryFilter($"PartitionKey ge {start} and PartitionKey lt {After(start)}"));
        }

        if (filter.AccountApiId is { Length: > 0 } apiId)
        {
            text.Append(" and ")
                .Append(TableClient.CreateQueryFilter($"AccountApiId ge {apiId} and AccountApiId lt {After(apiId)}"));
        }

        if (filter.Status is { Length: > 0 } status)
        {
            text.Append(" and ").Append(TableClient.CreateQueryFilter($"Status eq {status.ToLowerInvariant()}"));
        }

        if (filter.HasErrors)
        {
            text.Append(" and ErrorCount gt 0");
        }

        return text.ToString();
    }

    /// <summary>The end of the range of all texts that begin with this one: tables have no other prefix search.</summary>
    private static string After(string start) => start + "\uFFFD";
}

/// <param name="Status">Empty in a row that was edited by hand.</param>
/// <param name="WithErrors">How many of them Cyclr reported with errors at their last installation.</param>
public sealed record InstallCount(string Status, int Number, int WithErrors);
