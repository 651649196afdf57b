using System.Security.Cryptography;
using System.Text;
using MarketplaceWebhook.Notifications;

namespace MarketplaceWebhook.Cli.Dashboard;

/// <summary>A queue message, as far as it can be read.</summary>
/// <param name="Key">The notification's id, or for a message without one something that the same text always gets.</param>
internal sealed record ObservedMessage(string Key, NotificationId? Id, Notification? Notification)
{
    public static string KeyOf(string text) => $"message {Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 6))}";

    /// <summary>What is known of the notification, with what the message says of it.</summary>
    public Activity Describe(Activity? known, DateTimeOffset at) =>
        (known ?? new Activity { Id = Key, At = Id?.ReceivedAt ?? at, Outcome = Outcome.Accepted }) with
        {
            Status = Notification?.Status ?? known?.Status,
            AccountId = Notification?.AccountId ?? known?.AccountId,
            AccountApiId = Notification?.AccountApiId ?? known?.AccountApiId,
            PackageId = Notification is { } notification ? InstallView.PackageText(notification.PackageId) : known?.PackageId,
        };
}
