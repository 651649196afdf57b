using MarketplaceWebhook.Installs;
using MarketplaceWebhook.Notifications;

namespace MarketplaceWebhook.Cli.Dashboard;

/// <summary>The statuses of a package over time.</summary>
public sealed record Timeline(string PackageId, IReadOnlyList<Timeline.Bar> Bars)
{
    /// <param name="To">Null: until now.</param>
    public sealed record Bar(string Status, DateTimeOffset From, DateTimeOffset? To);

    /// <param name="changes">In any order. An unknown status changes nothing, as in the fold.</param>
    public static IReadOnlyList<Timeline> Of(IEnumerable<StatusChange> changes) =>
    [
        .. changes
            .Where(change => KnownStatus.Includes(change.Status))
            .GroupBy(change => change.PackageId)
            .OrderBy(package => package.Key)
            .Select(package => new Timeline(InstallView.PackageText(package.Key), BarsOf(package.OrderBy(change => change.Id)))),
    ];

    private static List<Bar> BarsOf(IEnumerable<StatusChange> changes)
    {
        var bars = new List<Bar>();
        foreach (var change in changes)
        {
            if (bars is [.., var last])
            {
                if (last.Status == change.Status)
                {
                    continue;
                }

                bars[^1] = last with { To = change.Id.ReceivedAt };
            }

            bars.Add(new Bar(change.Status, change.Id.ReceivedAt, To: null));
        }

        return bars;
    }
}
