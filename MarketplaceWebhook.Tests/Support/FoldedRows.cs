using System.Text;
using MarketplaceWebhook.Installs;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support.Histories;

namespace MarketplaceWebhook.Tests.Support;

/// <summary>Arrivals as input of the fold, and the rows that it gives.</summary>
internal static class FoldedRows
{
    public static StatusChange Change(NotificationId id, string body) => StatusChangeReader.From(
        new Envelope(id, SourceLabel.Default, null, body, null),
        Assert.IsType<ParseResult.Accepted>(NotificationReader.Read(Encoding.UTF8.GetBytes(body))).Notification);

    public static NotificationId Id(Arrival arrival)
    {
        Assert.True(NotificationId.TryParse(arrival.Id, out var id));
        return id;
    }

    public static List<StatusChange> Changes(History history) =>
        [.. history.Arrivals.Select(arrival => Change(Id(arrival), arrival.Body()))];

    /// <summary>In the order of their keys.</summary>
    public static List<string> Rows(IEnumerable<StatusChange> changes) =>
    [
        .. changes.GroupBy(change => (change.AccountId, change.PackageId))
            .Select(group => group.Aggregate(new Package(group.Key.AccountId, group.Key.PackageId), Fold.Apply))
            .SelectMany(package => package.ToRows())
            .OrderBy(row => row.PartitionKey, StringComparer.Ordinal).ThenBy(row => row.RowKey, StringComparer.Ordinal)
            .Select(MaintenanceServices.Text),
    ];
}
