using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Azure.Data.Tables;
using MarketplaceWebhook.Notifications;

namespace MarketplaceWebhook.Storage;

/// <summary>Every partition key, row key and blob name is created here, and nowhere else.</summary>
public static class TableKeys
{
    private const int DigitsOfTime = 19;
    private const int MaxApiIdBytes = 400;

    // Keys have none of / \\ # ? and no control characters. Source:
    // https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model
    // Storage decodes '%' twice in the URL of a row. Source: https://blogs.msdn.microsoft.com/windowsazurestorage/2012/05/28/
    // partitionkey-or-rowkey-containing-the-percent-character-causes-some-windows-azure-tables-apis-to-fail/
    private const string EscapedInApiId = "/\\#?%~";

    private static readonly string[] DeadLetterFolders = [$"dead/{DeadLetter.Rejected}/", $"dead/{DeadLetter.Failed}/", "dead/"];

    public static string Account(Guid accountId) => accountId.ToString();

    /// <summary>
    /// The partition in Accounts of an AccountApiId, which can be any text: as it is, with <c>~XX</c> for characters that keys
    /// cannot have. A key has at most 1 KiB: the SHA-256 stands for a long one.
    /// </summary>
    public static string ApiId(string apiId)
    {
        var key = string.Concat(apiId.Select(c =>
            char.IsControl(c) || EscapedInApiId.Contains(c, StringComparison.Ordinal)
                ? string.Create(CultureInfo.InvariantCulture, $"~{(int)c:X2}")
                : c.ToString()));
        return Encoding.UTF8.GetByteCount(key) <= MaxApiIdBytes
            ? key
            : $"~sha256-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(apiId)))}";
    }

    public static string Install(long packageId) => packageId.ToString(CultureInfo.InvariantCulture);

    public static string Cycle(long packageId, Guid cycleId) =>
        string.Create(CultureInfo.InvariantCulture, $"{packageId}_{cycleId}");

    /// <summary>Newest first: tables sort by row key, ascending.</summary>
    public static string NewestFirst(NotificationId id) =>
        string.Create(CultureInfo.InvariantCulture, $"{Time(id.ReceivedAt)}_{id}");

    private static string Time(DateTimeOffset time) =>
        (DateTime.MaxValue.Ticks - time.UtcTicks).ToString("d19", CultureInfo.InvariantCulture);

    /// <summary>True if two row keys of <see cref="NewestFirst"/> come from the same millisecond.</summary>
    public static bool AreOfSameTime(string rowKey, string other) => rowKey.AsSpan().CommonPrefixLength(other) >= DigitsOfTime;

    /// <summary>
    /// The install row and the cycle rows of one package. A backtick ends the range after '_'; digits sort before it, so the
    /// PackageId column keeps the packages out that begin with the same digits. The install row comes first.
    /// </summary>
    public static string PackageFilter(Guid accountId, long packageId) => TableClient.CreateQueryFilter(
        $"PartitionKey eq {Account(accountId)} and RowKey ge {Install(packageId)} and RowKey lt {Install(packageId) + "`"} and PackageId eq {packageId}");

    /// <summary>
    /// The dead letters of a kind since a time, in the order of their keys: those whose key has that time, then those with time
    /// 0, by their column ReceivedAt.
    /// </summary>
    public static IEnumerable<string> DeadLetterFilters(string kind, DateTimeOffset? since) =>
        since is not { } time || time <= DateTimeOffset.UnixEpoch
        ? [TableClient.CreateQueryFilter($"PartitionKey eq {kind}")]
        : [
            TableClient.CreateQueryFilter($"PartitionKey eq {kind} and RowKey lt {Time(time) + "`"}"),
            TableClient.CreateQueryFilter(
                $"PartitionKey eq {kind} and RowKey gt {Time(DateTimeOffset.UnixEpoch)} and RowKey lt {Time(DateTimeOffset.UnixEpoch) + "`"} and ReceivedAt ge {time}"),
        ];

    public static string PayloadBlob(NotificationId id) => $"{id}.json";

    /// <summary>With the kind: a body that is rejected and, once redriven, fails has two dead letters.</summary>
    public static string DeadLetterBlob(string kind, NotificationId id) => $"dead/{kind}/{id}";

    /// <summary>The notification whose body the blob holds.</summary>
    /// <param name="isDeadLetter">True for the body of a dead letter; its name may lack the kind, as in earlier versions.</param>
    public static bool TryParseBlob(string name, out NotificationId id, out bool isDeadLetter)
    {
        var folder = DeadLetterFolders.FirstOrDefault(folder => name.StartsWith(folder, StringComparison.Ordinal));
        isDeadLetter = folder is not null;
        return NotificationId.TryParse(
            folder is not null ? name[folder.Length..]
                : name.EndsWith(".json", StringComparison.Ordinal) ? name[..^".json".Length]
                : null,
            out id);
    }
}
