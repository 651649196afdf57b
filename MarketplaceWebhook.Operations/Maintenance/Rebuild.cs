using System.Runtime.CompilerServices;
using MarketplaceWebhook.Storage;

namespace MarketplaceWebhook.Maintenance;

/// <summary>
/// Folds the log again and compares the result with Installs and Accounts, alongside live traffic. The first comparison reads
/// Accounts, then the two other tables once, in parallel. A difference counts only if a second comparison finds it again, which
/// reads the account's installs first and then its log: a notification projected in between is then in the log. Only differing
/// accounts are kept in memory, and of those a bounded number; of Accounts, 16 bytes for each row.
/// </summary>
public sealed class Rebuild(
    InstallTable installs, AccountTable accounts, StatusChangeLog log, StatusChangeReader reader, StorageRetry retry,
    TimeProvider time)
{
    /// <summary>Accounts waiting for their second comparison.</summary>
    private const int MostWaiting = 10_000;

    /// <param name="account">A partition key; null is all of them.</param>
    /// <param name="apply">Write the correct rows.</param>
    /// <param name="settle">The time between the two comparisons.</param>
    /// <returns>The accounts that differ, as they are found.</returns>
    public async IAsyncEnumerable<RebuiltAccount> RunAsync(
        string? account, bool apply, TimeSpan settle, IProgress<RebuildProgress>? progress,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var waiting = new Queue<Candidate>();
        var progressed = new RebuildProgress();
        await foreach (var comparison in CompareAllAsync(account, cancellationToken))
        {
            progressed = progressed.With(comparison);
            progress?.Report(progressed);
            if (!comparison.IsRight)
            {
                waiting.Enqueue(new Candidate(comparison.Account, [.. comparison.Findings()], time.GetTimestamp()));
            }

            while (waiting.TryPeek(out var first) && (waiting.Count > MostWaiting || time.GetElapsedTime(first.SeenAt) >= settle))
            {
                if (await CompareAgainAsync(waiting.Dequeue(), apply, settle, cancellationToken) is { } found)
                {
                    yield return found;
                }
            }
        }

        while (waiting.TryDequeue(out var next))
        {
            if (await CompareAgainAsync(next, apply, settle, cancellationToken) is { } found)
            {
                yield return found;
            }
        }
    }

    private async Task<RebuiltAccount?> CompareAgainAsync(
        Candidate candidate, bool apply, TimeSpan settle, CancellationToken cancellationToken)
    {
        var rest = settle - time.GetElapsedTime(candidate.SeenAt);
        if (rest > TimeSpan.Zero)
        {
            await Task.Delay(rest, time, cancellationToken);
        }

        var comparison = await CompareAsync(candidate.Account, cancellationToken);
        var differences = comparison.Differences.Where(d => candidate.Findings.Contains(d.GetHashCode())).ToList();
        if (differences.Count == 0 && comparison.Problems.Count == 0)
        {
            return null;
        }

        // If the log cannot be read, the correct state is unknown: the rows are not changed.
        var applied = apply && comparison.Problems.Count == 0;
        if (applied)
        {
            foreach (var apiId in differences.Select(d => d.MissingApiId).OfType<string>())
            {
                await accounts.AddAsync(Guid.Parse(candidate.Account), apiId, cancellationToken);
            }

            var groups = differences.Where(d => d.MissingApiId is null).Select(d => AccountComparison.GroupOf(d.Row));
            await ApplyAsync(comparison, [.. groups], cancellationToken);
        }

        return new RebuiltAccount(candidate.Account, differences, comparison.Problems, applied);
    }

    /// <param name="groups">The packages that differ; null means the rows that belong to no package.</param>
    private Task<bool> ApplyAsync(AccountComparison comparison, HashSet<long?> groups, CancellationToken cancellationToken)
    {
        AccountComparison? current = comparison;
        return retry.RunAsync(comparison.Account, AttemptAsync, cancellationToken);

        async Task<bool> AttemptAsync(CancellationToken token)
        {
            var attempted = current ?? await CompareAsync(comparison.Account, token);
            // After a lost race the account is compared again.
            current = null;
            foreach (var group in groups.Where(attempted.Differs))
            {
                await installs.CommitAsync(attempted.Present(group), attempted.Wanted(group), token);
            }

            return true;
        }
    }

    private async Task<AccountComparison> CompareAsync(string account, CancellationToken cancellationToken)
    {
        var present = await installs.ReadRowsAsync(account, cancellationToken).ToListAsync(cancellationToken);
        var fold = new AccountReplay(reader, time);
        await foreach (var row in log.ReadAsync(account, cancellationToken))
        {
            await fold.AddAsync(row, cancellationToken);
        }

        // The index last: its row is inserted after that of the log.
        var missing = new List<string>();
        foreach (var apiId in fold.ApiIds())
        {
            if (!await accounts.ReadAsync(apiId, cancellationToken).AnyAsync(row => row.RowKey == account, cancellationToken))
            {
                missing.Add(apiId);
            }
        }

        return new AccountComparison(account, present, fold, missing);
    }

    /// <summary>Both tables are sorted by account: an account that is only in one of them is included.</summary>
    private async IAsyncEnumerable<AccountComparison> CompareAllAsync(
        string? account, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var index = await IndexedAccounts.ReadAsync(
            account is null ? accounts.ReadAsync(cancellationToken) : accounts.ReadAccountAsync(account, cancellationToken),
            cancellationToken);
        await using var rows = installs.ReadRowsAsync(account, cancellationToken).GetAsyncEnumerator(cancellationToken);
        await using var changes = log.ReadAsync(account, cancellationToken).GetAsyncEnumerator(cancellationToken);
        var (hasRow, hasChange) = (await rows.MoveNextAsync(), await changes.MoveNextAsync());
        while (hasRow || hasChange)
        {
            var next = !hasRow ? changes.Current.PartitionKey
                : !hasChange || string.CompareOrdinal(rows.Current.PartitionKey, changes.Current.PartitionKey) < 0
                    ? rows.Current.PartitionKey
                : changes.Current.PartitionKey;
            var present = new List<RawRow>();
            for (; hasRow && rows.Current.PartitionKey == next; hasRow = await rows.MoveNextAsync())
            {
                present.Add(rows.Current);
            }

            var fold = new AccountReplay(reader, time);
            for (; hasChange && changes.Current.PartitionKey == next; hasChange = await changes.MoveNextAsync())
            {
                await fold.AddAsync(changes.Current, cancellationToken);
            }

            yield return new AccountComparison(
                next, present, fold, fold.ApiIds().Where(apiId => !index.Contains(TableKeys.ApiId(apiId), next)));
        }
    }

    /// <param name="Findings">Hash codes of the differences, to recognise them.</param>
    /// <param name="SeenAt">A timestamp of the TimeProvider.</param>
    private sealed record Candidate(string Account, HashSet<int> Findings, long SeenAt);
}
