using MarketplaceWebhook.Installs;
using MarketplaceWebhook.Notifications;

namespace MarketplaceWebhook.Maintenance;

/// <summary>
/// Decides which notifications of one account's log the fold still needs: of each package the latest of each status, and those
/// that a cycle row comes from. Without the others the fold gives the same rows, whatever arrives later. Call it in the order
/// of the log, newest first.
/// </summary>
public sealed class LogRetention
{
    private readonly Dictionary<long, Seen> _packages = [];

    /// <param name="change">Every row of the account, needed or not.</param>
    public bool Needs(StatusChange change)
    {
        if (!KnownStatus.Includes(change.Status))
        {
            return false;
        }

        if (!_packages.TryGetValue(change.PackageId, out var seen))
        {
            _packages.Add(change.PackageId, seen = new Seen());
        }

        // The latest of all is also the latest of its status.
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
