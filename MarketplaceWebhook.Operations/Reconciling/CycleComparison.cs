using System.Globalization;
using MarketplaceWebhook.Installs;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;

namespace MarketplaceWebhook.Reconciling;

/// <summary>Compares an account's installs with its cycles in Cyclr. Pure.</summary>
internal static class CycleComparison
{
    private const string Active = "Active";

    /// <summary>Of cycles that notifications reported.</summary>
    /// <param name="cycles">Cyclr's, by id. One that is not in it does not exist.</param>
    /// <param name="denied">Cycles that Cyclr denies access to, with the reason.</param>
    public static IEnumerable<ReconciliationDifference> OfReportedCycles(
        IEnumerable<Package> packages, IReadOnlyDictionary<Guid, CyclrCycle> cycles, IReadOnlyDictionary<Guid, string> denied)
    {
        foreach (var (install, cycle) in packages
            .SelectMany(package => package.Cycles.Values.Select(cycle => (package.Install, cycle)))
            .OrderBy(pair => pair.cycle.PackageId).ThenBy(pair => pair.cycle.CycleId))
        {
            if (denied.TryGetValue(cycle.CycleId, out var why))
            {
                yield return Of(cycle, DifferenceKind.NotAccessible) with { Detail = why };
                continue;
            }

            if (!cycles.TryGetValue(cycle.CycleId, out var actual))
            {
                yield return Of(cycle, DifferenceKind.MissingCycle) with { Detail = "Cyclr no longer has this cycle." };
                continue;
            }

            if (UnexpectedStatus(install, cycle, actual.Status) is (var expected, var reason))
            {
                yield return Of(cycle, DifferenceKind.UnexpectedStatus) with
                {
                    Expected = expected,
                    Actual = actual.Status,
                    Detail = reason,
                };
            }

            if (actual.ErrorCount > 0)
            {
                yield return Of(cycle, DifferenceKind.CycleErrors) with
                {
                    Expected = "0",
                    Actual = actual.ErrorCount.Value.ToString(CultureInfo.InvariantCulture),
                    Detail = "Cyclr counts errors of this cycle.",
                };
            }
        }
    }

    /// <summary>Of cycles whose package was uninstalled, although Cyclr still has them.</summary>
    /// <param name="ended">Each with its package.</param>
    public static IEnumerable<ReconciliationDifference> OfEndedCycles(
        IReadOnlyDictionary<Guid, long> ended, IReadOnlyDictionary<Guid, CyclrCycle> cycles) =>
        ended.OrderBy(cycle => cycle.Value).ThenBy(cycle => cycle.Key).Select(cycle => new ReconciliationDifference
        {
            Kind = DifferenceKind.LiveAfterUninstall,
            PackageId = cycle.Value,
            CycleId = cycle.Key,
            TemplateId = cycles[cycle.Key].TemplateId,
            Actual = cycles[cycle.Key].Status,
            Detail = "The package was uninstalled, and Cyclr still has this cycle. An account can have a package several times.",
        });

    /// <summary>Templates of known packages that the account uses without an install.</summary>
    /// <param name="cycles">All cycles that the account has in Cyclr.</param>
    public static IEnumerable<ReconciliationDifference> OfUnreportedCycles(
        IEnumerable<Package> packages, IEnumerable<CyclrCycle> cycles, InstalledAccounts stored)
    {
        var live = packages.Where(package => package.Install is { Status: not KnownStatus.Uninstalled })
            .Select(package => package.PackageId).ToHashSet();
        foreach (var group in cycles.Where(cycle => cycle.TemplateId is { Length: > 0 })
            .GroupBy(cycle => InstalledAccounts.TemplateKey(cycle.TemplateId!))
            .OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            var known = stored.PackagesOf(group.Key);
            if (known.Count > 0 && !known.Any(live.Contains))
            {
                var count = group.Count();
                yield return new ReconciliationDifference
                {
                    Kind = DifferenceKind.PossibleMissedInstall,
                    PackageId = known.Count == 1 ? known.First() : null,
                    TemplateId = group.Key,
                    Detail = $"Cyclr has {count} {(count == 1 ? "cycle" : "cycles")} of this template of package "
                        + $"{string.Join(" or ", known)}, and Installs has no live install of it. A template can also be used "
                        + "outside a marketplace.",
                };
            }
        }
    }

    /// <returns>Null: the status is as expected.</returns>
    private static (string Expected, string Reason)? UnexpectedStatus(Install? install, Cycle cycle, string? actual)
    {
        var isActive = IsSame(actual, Active);
        var reportedAt = cycle.NotificationId.ReceivedAt;
        // An install that was added later changes the status of the package, but not that of the cycles present.
        if (install is { Status: KnownStatus.Stopped }
            || (install?.StoppedAt > reportedAt && !(install.StartedAt >= install.StoppedAt)))
        {
            return isActive ? ($"not {Active}", "The install was stopped.") : null;
        }

        if (install?.StartedAt > reportedAt)
        {
            return isActive ? null : (Active, "The install was started after the cycle was reported.");
        }

        return cycle.CycleStatus is { } reported && !IsSame(actual, reported)
            ? (reported, "The status differs from the one that was reported.") : null;
    }

    private static bool IsSame(string? one, string? other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);

    private static ReconciliationDifference Of(Cycle cycle, string kind) => new()
    {
        Kind = kind,
        PackageId = cycle.PackageId,
        CycleId = cycle.CycleId,
        TemplateId = cycle.TemplateId,
        Detail = "",
    };
}
