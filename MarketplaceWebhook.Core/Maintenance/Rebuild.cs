using System.Runtime.CompilerServices;
using MarketplaceWebhook.Storage;

namespace MarketplaceWebhook.Maintenance;

/// <summary>
/// Folds the log anew and compares it with Installs, beside live traffic. The first look reads both tables once, side by side;
/// a difference counts only if it stands at a second look, which reads the account's installs first and then its log: a
/// notification that was in between is in the log by then, or in neither. Only differing accounts are kept in memory, and of
/// those a bounded number.
/// </summary>
public sealed class Rebuild(InstallTable installs, StatusChangeLog log, PayloadBlobs payloads, TimeProvider time)
{
    /// <summary>Accounts that wait for their second look.</summary>
    private const int MostWaiting = 10_000;

    private const int MostLostRaces = 50;

    /// <param name="account">A partition key; null is all of them.</param>
    /// <param name="apply">Write what should be.</param>
    /// <param name="settle">Between the two looks.</param>
    /// <returns>The accounts that differ, as they are found.</returns>
    public async IAsyncEnumerable<RebuiltAccount> RunAsync(
        string? account, bool apply, TimeSpan settle, IProgress<RebuildProgress>? progress,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var waiting = new Queue<Candidate>();
        var progressed = new RebuildProgress();
        await foreach (var look in FirstLooksAsync(account, cancellationToken))
        {
            progressed = progressed.With(look);
            progress?.Report(progressed);
            if (!look.IsRight)
            {
                waiting.Enqueue(new Candidate(look.Account, [.. look.Findings()], time.GetTimestamp()));
            }

            while (waiting.TryPeek(out var first) && (waiting.Count > MostWaiting || time.GetElapsedTime(first.SeenAt) >= settle))
            {
                if (await SecondLookAsync(waiting.Dequeue(), apply, settle, cancellationToken) is { } found)
                {
                    yield return found;
                }
            }
        }

        while (waiting.TryDequeue(out var next))
        {
            if (await SecondLookAsync(next, apply, settle, cancellationToken) is { } found)
            {
                yield return found;
            }
        }
    }

    private async Task<RebuiltAccount?> SecondLookAsync(
        Candidate candidate, bool apply, TimeSpan settle, CancellationToken cancellationToken)
    {
        var rest = settle - time.GetElapsedTime(candidate.SeenAt);
        if (rest > TimeSpan.Zero)
        {
            await Task.Delay(rest, time, cancellationToken);
        }

        var look = await LookAsync(candidate.Account, cancellationToken);
        var differences = look.Differences.Where(d => candidate.Findings.Contains(d.GetHashCode())).ToList();
        if (differences.Count == 0 && look.Problems.Count == 0)
        {
            return null;
        }

        // What the account should have is not known where its log cannot be read: its rows are left alone.
        var applied = apply && look.Problems.Count == 0;
        if (applied)
        {
            await ApplyAsync(look, [.. differences.Select(d => Look.GroupOf(d.Row))], cancellationToken);
        }

        return new RebuiltAccount(candidate.Account, differences, look.Problems, applied);
    }

    /// <param name="groups">The packages that differ; null stands for the rows that are no package's.</param>
    private async Task ApplyAsync(Look look, HashSet<long?> groups, CancellationToken cancellationToken)
    {
        for (var lost = 0; ; lost++)
        {
            try
            {
                foreach (var group in groups.Where(look.Differs))
                {
                    await installs.CommitAsync(look.Present(group), look.Wanted(group), cancellationToken);
                }

                return;
            }
            catch (Exception e) when (StorageFaults.IsLostRace(e) && lost < MostLostRaces)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(10, 200)), time, cancellationToken);
                look = await LookAsync(look.Account, cancellationToken);
            }
        }
    }

    private async Task<Look> LookAsync(string account, CancellationToken cancellationToken)
    {
        var present = await installs.ReadRowsAsync(account, cancellationToken).ToListAsync(cancellationToken);
        var fold = new AccountFold(payloads);
        await foreach (var row in log.ReadAsync(account, cancellationToken))
        {
            await fold.AddAsync(row, cancellationToken);
        }

        return new Look(account, present, fold);
    }

    /// <summary>Both tables are sorted by account: an account that only one of them has is met as well.</summary>
    private async IAsyncEnumerable<Look> FirstLooksAsync(
        string? account, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var rows = installs.ReadRowsAsync(account, cancellationToken).GetAsyncEnumerator(cancellationToken);
        await using var changes = log.ReadAsync(account, cancellationToken).GetAsyncEnumerator(cancellationToken);
        var (hasRow, hasChange) = (await rows.MoveNextAsync(), await changes.MoveNextAsync());
        while (hasRow || hasChange)
        {
            var next = !hasRow ? changes.Current.PartitionKey
                : !hasChange || string.CompareOrdinal(rows.Current.PartitionKey, changes.Current.PartitionKey) < 0
                    ? rows.Current.PartitionKey
                : changes.Current.PartitionKey;
            var present = new List<StoredRow>();
            for (; hasRow && rows.Current.PartitionKey == next; hasRow = await rows.MoveNextAsync())
            {
                present.Add(rows.Current);
            }

            var fold = new AccountFold(payloads);
            for (; hasChange && changes.Current.PartitionKey == next; hasChange = await changes.MoveNextAsync())
            {
                await fold.AddAsync(changes.Current, cancellationToken);
            }

            yield return new Look(next, present, fold);
        }
    }

    /// <param name="Findings">Hash codes of what was found: enough to know it again.</param>
    /// <param name="SeenAt">A timestamp of the time provider.</param>
    private sealed record Candidate(string Account, HashSet<int> Findings, long SeenAt);
}
