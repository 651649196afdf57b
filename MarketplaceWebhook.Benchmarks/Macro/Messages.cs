using System.Text;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;

namespace MarketplaceWebhook.Benchmarks.Macro;

internal static class Messages
{
    private const long Epoch = 1_790_000_000_000;

    /// <summary>The queue message of a notification. A larger number is a later notification.</summary>
    public static string Text(int number, byte[] body) =>
        Encoding.UTF8.GetString(
            Envelope.Write(NotificationId.Create(Epoch + number, 0, (ulong)number), SourceLabel.Default, null, body).Span);
}
