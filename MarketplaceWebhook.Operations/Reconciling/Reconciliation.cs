using System.Runtime.CompilerServices;
using MarketplaceWebhook.Installs;
using MarketplaceWebhook.Storage;

namespace MarketplaceWebhook.Reconciling;

/// <summary>
/// Compares Installs with Cyclr and stores the differences in Reconciliations. Installs is not changed: it is what notifications
/// said. A run
/// 1. reads which accounts, and which templates of which packages, Installs has;
/// 2. lists Cyclr's accounts and joins them;
/// 3. compares account by account: reads its cycles, then its installs, so that an install in transit is likely to have arrived,
///    then each stored cycle that was not listed, and the log if a listed cycle may be one of an uninstalled package; and
///    replaces its rows. An account that fails is not compared; ten in a row end the run;
/// 4. removes the rows of accounts that it did not meet, if it compared all of them.
/// </summary>
public sealed class Reconciliation(
    InstallTable installs, InstallQueries queries, StatusChangeLog log, StatusChangeReader reader, ReconciliationTable table,
    AccountLookup accounts, TimeProvider time)
{
    /// <summary>Then it is Cyclr that fails, and not an account.</summary>
    internal const int MostFailures = 10;

    /// <param name="account">An AccountId or AccountApiId; null compares all of them.</param>
    /// <param name="after">The key of an account: continues with the next one.</param>
    /// <returns>Each account when its rows are stored, in the order of the keys. Empty: the account is unknown.</returns>
    /// <exception cref="CyclrException">Cyclr's API failed.</exception>
    public async IAsyncEnumerable<ReconciledAccount> RunAsync(
        CyclrApi cyclr, string? account, string? after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var startedAt = time.GetUtcNow();
        if (account is null)
        {
            await table.StartRunAsync(startedAt, after, cancellationToken);
        }

        // 1.
        var stored = new InstalledAccounts();
        await foreach (var row in installs.ReadColumnsAsync(InstalledAccounts.NeededColumns, cancellationToken))
        {
            stored.Add(row);
        }

        // 2.
        var listed = await cyclr.ReadAccountsAsync(cancellationToken).ToHashSetAsync(cancellationToken: cancellationToken);
        var all = ComparedAccount.Join(listed, stored);
        var selected = await SelectAsync(all, account, after, cancellationToken);

        // 3.
        var (differences, failures) = (0, 0);
        foreach (var (number, one) in selected.Index())
        {
            var compared = await CompareAsync(cyclr, one, stored, cancellationToken);
            await table.ReplaceAsync(one.Key, one.ApiId, compared, time.GetUtcNow(), cancellationToken);
            differences += compared.Count;
            var reconciled = new ReconciledAccount(one.Key, one.ApiId, compared, number + 1, selected.Count);
            yield return reconciled;
            failures = reconciled.IsCompared ? 0 : failures + 1;
            if (failures == MostFailures)
            {
                throw new CyclrException(
                    $"{MostFailures} accounts in a row could not be compared, the last of them {one.Key}: {compared[0].Detail}");
            }
        }

        // 4.
        if (account is null)
        {
            if (after is null)
            {
                await table.RemoveOthersAsync(all.Select(one => one.Key).ToHashSet(), cancellationToken);
            }

            await table.FinishRunAsync(startedAt, time.GetUtcNow(), after, selected.Count, differences, cancellationToken);
        }
    }

    private async Task<IReadOnlyList<ComparedAccount>> SelectAsync(
        IReadOnlyList<ComparedAccount> all, string? account, string? after, CancellationToken cancellationToken)
    {
        if (account is null)
        {
            return after is null ? all : [.. all.Where(one => string.CompareOrdinal(one.Key, after) > 0)];
        }

        // A former AccountApiId is found, too.
        var ids = await accounts.ScanAsync(account, cancellationToken);
        return [.. all.Where(one => one.ApiId == account || (one.Id is { } id && ids.Contains(id)))];
    }

    private async Task<IReadOnlyList<ReconciliationDifference>> CompareAsync(
        CyclrApi cyclr, ComparedAccount account, InstalledAccounts stored, CancellationToken cancellationToken)
    {
        try
        {
            var listed = await cyclr.ReadCyclesAsync(account.Name, cancellationToken).ToListAsync(cancellationToken);
            var packages = account.Id is { } id ? await queries.ReadAccountAsync(id, cancellationToken) : [];
            var cycles = new Dictionary<Guid, CyclrCycle>();
            foreach (var cycle in listed)
            {
                if (Guid.TryParse(cycle.Id, out var cycleId))
                {
                    cycles[cycleId] = cycle;
                }
            }

            var denied = new Dictionary<Guid, string>();
            var reported = packages.SelectMany(package => package.Cycles.Keys).ToHashSet();
            foreach (var cycleId in reported.Except(cycles.Keys).Order().ToList())
            {
                try
                {
                    if (await cyclr.FindCycleAsync(account.Name, cycleId, cancellationToken) is { } found)
                    {
                        cycles[cycleId] = found;
                    }
                }
                catch (CyclrException e) when (e.Failure == CyclrFailure.NotAccessible)
                {
                    denied.Add(cycleId, e.Message);
                }
            }

            var ended = await EndedCyclesAsync(
                account, packages, cycles.Keys.Except(reported).ToHashSet(), cancellationToken);
            var withSameApiId = new List<Package>(packages);
            foreach (var other in account.SameApiId.Where(other => other != account.Id))
            {
                withSameApiId.AddRange(await queries.ReadAccountAsync(other, cancellationToken));
            }

            return [
                .. CycleComparison.OfReportedCycles(packages, cycles, denied),
                .. CycleComparison.OfEndedCycles(ended, cycles),
                .. CycleComparison.OfUnreportedCycles(
                    withSameApiId,
                    listed.Where(one => !(Guid.TryParse(one.Id, out var cycleId) && ended.ContainsKey(cycleId))), stored),
            ];
        }
        catch (CyclrException e) when (e.Failure != CyclrFailure.OfRun)
        {
            var kind = e.Failure == CyclrFailure.NotAccessible ? DifferenceKind.NotAccessible : DifferenceKind.NotCompared;
            return [new ReconciliationDifference { Kind = kind, Detail = e.Message }];
        }
        catch (CyclrException e)
        {
            throw new CyclrException($"Account {account.Key}: {e.Message}", innerException: e);
        }
    }

    /// <summary>Cycles that were reported before the last *uninstalled* of their package, as far as the log has them.</summary>
    /// <param name="candidates">Cyclr has them, and Installs does not.</param>
    /// <returns>Each with its package.</returns>
    private async Task<Dictionary<Guid, long>> EndedCyclesAsync(
        ComparedAccount account, IReadOnlyList<Package> packages, HashSet<Guid> candidates, CancellationToken cancellationToken)
    {
        var ended = new Dictionary<Guid, long>();
        var uninstalled = packages.Where(package => package.Install?.UninstalledNotificationId is not null)
            .ToDictionary(package => package.PackageId, package => package.Install!.UninstalledNotificationId!.Value);
        if (uninstalled.Count == 0 || candidates.Count == 0)
        {
            return ended;
        }

        await foreach (var row in log.ReadAsync(account.Key, cancellationToken))
        {
            try
            {
                if (await reader.ReadAsync(row, time.GetUtcNow(), cancellationToken) is { Cycles: { } cycles } change
                    && uninstalled.TryGetValue(change.PackageId, out var at) && change.Id <= at)
                {
                    foreach (var cycle in cycles.Where(cycle => candidates.Contains(cycle.CycleId)))
                    {
                        ended.TryAdd(cycle.CycleId, change.PackageId);
                    }
                }
            }
            catch (UnreadableLogRowException)
            {
                // `rebuild` lists these rows.
            }
        }

        return ended;
    }
}

/// <param name="Key">Cyclr's AccountId, or `api-` and a hash for an account that Installs does not have.</param>
/// <param name="Number">The first is 1.</param>
/// <param name="Total">How many accounts the run compares.</param>
public sealed record ReconciledAccount(
    string Key, string? ApiId, IReadOnlyList<ReconciliationDifference> Differences, int Number, int Total)
{
    /// <summary>False: Cyclr failed for this account.</summary>
    public bool IsCompared => Differences is not [{ Kind: DifferenceKind.NotCompared }];
}
