using System.Globalization;
using Azure.Data.Tables;
using MarketplaceWebhook.Notifications;

namespace MarketplaceWebhook.Storage;

/// <summary>Every partition key, row key and blob name is made here, and nowhere else.</summary>
public static class Keys
{
    public static string Account(Guid accountId) => accountId.ToString();

    public static string Install(long packageId) => packageId.ToString(CultureInfo.InvariantCulture);

    public static string Cycle(long packageId, Guid cycleId) =>
        string.Create(CultureInfo.InvariantCulture, $"{packageId}_{cycleId}");

    /// <summary>Newest first: tables sort by row key, ascending.</summary>
    public static string NewestFirst(NotificationId id) =>
        string.Create(CultureInfo.InvariantCulture, $"{DateTime.MaxValue.Ticks - id.ReceivedAt.UtcTicks:d19}_{id}");

    /// <summary>
    /// The install row and the cycle rows of one package. A backtick ends the range after '_'; digits sort before it, so the
    /// PackageId column keeps the packages out that begin with the same digits. The install row comes first.
    /// </summary>
    public static string PackageFilter(Guid accountId, long packageId) => TableClient.CreateQueryFilter(
        $"PartitionKey eq {Account(accountId)} and RowKey ge {Install(packageId)} and RowKey lt {Install(packageId) + "`"} and PackageId eq {packageId}");

    public static string PayloadBlob(NotificationId id) => $"{id}.json";

    public static string DeadLetterBlob(NotificationId id) => $"dead/{id}";
}
