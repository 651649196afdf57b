using Azure.Data.Tables;
using MarketplaceWebhook.Notifications;

namespace MarketplaceWebhook.Storage;

internal static class EntityColumns
{
    /// <summary>An absent value has no column.</summary>
    public static TableEntity With(this TableEntity entity, string column, object? value)
    {
        if (value is not null)
        {
            entity.Add(column, value);
        }

        return entity;
    }

    public static NotificationId? GetNotificationId(this TableEntity entity, string column) =>
        NotificationId.TryParse(entity.GetString(column), out var id) ? id : null;
}
