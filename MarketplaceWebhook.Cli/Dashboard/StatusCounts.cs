using MarketplaceWebhook.Notifications;

namespace MarketplaceWebhook.Cli.Dashboard;

/// <summary>Notifications per status in equal intervals, the last of which contains the current time.</summary>
/// <param name="ByStatus">Known statuses and `other`: a count for each interval.</param>
/// <param name="IsCut">There were more than the limit.</param>
public sealed record StatusCounts(
    DateTimeOffset From, double BucketSeconds, IReadOnlyDictionary<string, int[]> ByStatus, bool IsCut)
{
    public const string Other = "other";

    private const int Buckets = 60;

    private static readonly string[] Statuses = [.. KnownStatus.All, Other];

    /// <summary>Intervals are aligned to the Unix epoch, so that a count stays in its interval when it is read again.</summary>
    public static DateTimeOffset Start(TimeSpan range, DateTimeOffset now)
    {
        var bucket = range.Ticks / Buckets;
        var end = DateTimeOffset.UnixEpoch.Ticks + (((now.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / bucket) + 1) * bucket;
        return new DateTimeOffset(end - range.Ticks, TimeSpan.Zero);
    }

    public static StatusCounts Of(
        IEnumerable<(NotificationId Id, string Status)> notifications, DateTimeOffset from, TimeSpan range, bool isCut)
    {
        var bucket = range / Buckets;
        var counts = Statuses.ToDictionary(status => status, _ => new int[Buckets]);
        foreach (var (id, status) in notifications)
        {
            var index = (int)((id.ReceivedAt - from) / bucket);
            if (index is >= 0 and < Buckets)
            {
                counts[KnownStatus.Includes(status) ? status : Other][index]++;
            }
        }

        return new StatusCounts(from, bucket.TotalSeconds, counts, isCut);
    }
}
