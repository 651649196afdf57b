using MarketplaceWebhook.Notifications;

namespace MarketplaceWebhook.Tests.Support;

/// <summary>Ids that are the same in every run: one second apart, since 2026-01-01T00:00:00Z.</summary>
internal static class Ids
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static NotificationId At(int second) =>
        NotificationId.Create(Start.AddSeconds(second).ToUnixTimeMilliseconds(), counter: 0, random: (ulong)second);
}
