using MarketplaceWebhook.Notifications;

namespace MarketplaceWebhook.Installs;

/// <summary>
/// The state of a package after one more notification. Commutative, associative and idempotent: any order and any repetition
/// of the same notifications gives the same rows. Pure.
/// </summary>
public static class Fold
{
    public static Package Apply(Package package, StatusChange change)
    {
        if (!KnownStatus.Includes(change.Status))
        {
            return package;
        }

        var install = Status(package.Install, change);
        install = change.Status switch
        {
            KnownStatus.Installed => Installed(install, change),
            KnownStatus.Uninstalled =>
                install with { UninstalledNotificationId = Later(install.UninstalledNotificationId, change.Id) },
            KnownStatus.Started => install with { StartedAt = Later(install.StartedAt, change.Id.ReceivedAt) },
            KnownStatus.Stopped => install with { StoppedAt = Later(install.StoppedAt, change.Id.ReceivedAt) },
            _ => throw new InvalidOperationException("KnownStatus has a status that the fold does not apply."),
        };
        var cycles = Cycles(package.Cycles, change, install.UninstalledNotificationId);
        return package with { Install = install with { CycleCount = cycles.Count }, Cycles = cycles };
    }

    /// <summary>
    /// How many live cycles an *uninstalled* ends without listing them, although it lists others. An account can have a package
    /// several times, so it may have been one copy of it that was uninstalled: the notification does not say so.
    /// </summary>
    /// <param name="package">Before the notification is applied.</param>
    public static int UnlistedCycles(Package package, StatusChange change) =>
        change is { Status: KnownStatus.Uninstalled, Cycles: { Count: > 0 } listed }
            ? package.Cycles.Values.Where(cycle => cycle.NotificationId < change.Id)
                .ExceptBy(listed.Select(cycle => cycle.CycleId), cycle => cycle.CycleId).Count()
            : 0;

    /// <summary>From the latest notification, whatever its status. A value that is absent there is absent here.</summary>
    private static Install Status(Install? install, StatusChange change)
    {
        if (install is not null && install.StatusNotificationId >= change.Id)
        {
            return install;
        }

        return (install ?? new Install
        {
            PackageId = change.PackageId,
            Status = change.Status,
            StatusNotificationId = change.Id,
            Source = change.Source,
        }) with
        {
            Status = change.Status,
            StatusNotificationId = change.Id,
            AccountApiId = change.AccountApiId,
            CompleteParameter = change.CompleteParameter,
            Source = change.Source,
        };
    }

    private static Install Installed(Install install, StatusChange change) =>
        install.InstalledNotificationId >= change.Id
            ? install
            : install with
            {
                InstalledNotificationId = change.Id,
                ErrorCount = change.ErrorCount ?? 0,
                Errors = change.Errors,
                UserId = change.UserId,
            };

    /// <summary>
    /// A cycle comes from the latest notification that lists it, if that is later than the last *uninstalled*. The same object if
    /// nothing changes.
    /// </summary>
    private static IReadOnlyDictionary<Guid, Cycle> Cycles(
        IReadOnlyDictionary<Guid, Cycle> cycles, StatusChange change, NotificationId? uninstalled)
    {
        var result = new Dictionary<Guid, Cycle>(cycles);
        if (change is { Status: not KnownStatus.Uninstalled, Cycles: { } listed })
        {
            foreach (var cycle in listed)
            {
                if (!result.TryGetValue(cycle.CycleId, out var present) || present.NotificationId < cycle.NotificationId)
                {
                    result[cycle.CycleId] = cycle;
                }
            }
        }

        foreach (var ended in result.Values.Where(cycle => cycle.NotificationId < uninstalled).ToList())
        {
            result.Remove(ended.CycleId);
        }

        return result.Count == cycles.Count && result.Values.All(cycle => cycles.GetValueOrDefault(cycle.CycleId) == cycle)
            ? cycles
            : result;
    }

    private static T Later<T>(T? one, T other)
        where T : struct, IComparable<T> => one is { } value && value.CompareTo(other) > 0 ? value : other;
}
