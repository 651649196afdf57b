using MarketplaceWebhook.Notifications;

namespace MarketplaceWebhook.Tests.Support;

/// <summary>Ids that are the same in every run.</summary>
internal static class Ids
{
    public static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <param name="second">Since 2026-01-01T00:00:00Z.</param>
    public static NotificationId At(int second) =>
        NotificationId.Create(Start.AddSeconds(second).ToUnixTimeMilliseconds(), counter: 0, random: (ulong)second);

    public static NotificationId At(DateTimeOffset time, int counter = 0) =>
        NotificationId.Create(time.ToUnixTimeMilliseconds(), counter, random: 1);

    public static NotificationId Minute(int minutes, int counter = 0) => At(Start.AddMinutes(minutes), counter);
}
