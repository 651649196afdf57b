using System.Security.Cryptography;
using System.Text;
using MarketplaceWebhook.Notifications;

namespace MarketplaceWebhook.Cli.Dashboard;

/// <summary>A queue message, as far as it can be parsed.</summary>
/// <param name="Key">The notification id; for a message without one, a hash of its text.</param>
internal sealed record ObservedMessage(string Key, NotificationId? Id, Notification? Notification)
{
    public static string KeyOf(string text) =>
        $"message {Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 6))}";

    /// <summary>Adds the message's content to what is known of the notification.</summary>
    public NotificationActivity Describe(NotificationActivity? known, DateTimeOffset at) =>
        (known ?? new NotificationActivity { Id = Key, At = Id?.ReceivedAt ?? at, Outcome = Outcome.Accepted }) with
        {
            Status = Notification?.Status ?? known?.Status,
            AccountId = Notification?.AccountId ?? known?.AccountId,
            AccountApiId = Notification?.AccountApiId ?? known?.AccountApiId,
            PackageId = Notification is { } notification ? InstallView.PackageText(notification.PackageId) : known?.PackageId,
        };
}
