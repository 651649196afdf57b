using MarketplaceWebhook.Installs;
using MarketplaceWebhook.Notifications;

namespace MarketplaceWebhook.Maintenance;

/// <summary>
/// Tells which notifications of one account's log the fold still reads: of each package the greatest, the greatest of each
/// status, and those that own a cycle row. The others can go: the fold gives the same rows without them, whatever arrives
/// later. To be asked in the order of the log, newest first.
/// </summary>
public sealed class LogRetention
{
    private readonly Dictionary<long, Seen> packages = [];

    /// <param name="change">Every row of the account has to pass here, needed or not.</param>
    public bool Needs(StatusChange change)
    {
        if (!KnownStatus.Includes(change.Status))
        {
            return false;
        }

        if (!packages.TryGetValue(change.PackageId, out var seen))
        {
            packages.Add(change.PackageId, seen = new Seen());
        }

        // The greatest of all is the greatest of its status, too.
        var needed = seen.Statuses.Add(change.Status);
        if (change.Status != KnownStatus.Uninstalled && !seen.Statuses.Contains(KnownStatus.Uninstalled))
        {
            foreach (var cycle in change.Cycles ?? [])
            {
                needed |= seen.Cycles.Add(cycle.CycleId);
            }
        }

        return needed;
    }

    private sealed record Seen
    {
        public HashSet<string> Statuses { get; } = [];

        public HashSet<Guid> Cycles { get; } = [];
    }
}
