using System.Text.Json;
using MarketplaceWebhook.Notifications;

namespace MarketplaceWebhook.Cli.Dashboard;

/// <summary>The notification of a message on the change feed.</summary>
internal static class ForwardedChange
{
    /// <returns>Null for a message that was added by something else.</returns>
    public static NotificationActivity? Read(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            var data = document.RootElement.GetProperty("data");
            return NotificationId.TryParse(document.RootElement.GetProperty("id").GetString(), out var id)
                ? new NotificationActivity
                {
                    Id = id.ToString(),
                    At = id.ReceivedAt,
                    Outcome = Outcome.Projected,
                    Status = data.GetProperty("status").GetString(),
                    AccountId = data.GetProperty("accountId").GetGuid(),
                    AccountApiId = data.TryGetProperty("accountApiId", out var apiId) ? apiId.GetString() : null,
                    PackageId = InstallView.PackageText(data.GetProperty("packageId").GetInt64()),
                }
                : null;
        }
        catch (Exception exception) when (
            exception is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            return null;
        }
    }
}
