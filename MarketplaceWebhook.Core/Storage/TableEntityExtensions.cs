using Azure.Data.Tables;
using MarketplaceWebhook.Notifications;

namespace MarketplaceWebhook.Storage;

internal static class TableEntityExtensions
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

    /// <summary>The rows that make sense: one that somebody wrote by hand must not hide all others.</summary>
    public static IEnumerable<T> Readable<T>(this IEnumerable<TableEntity> rows, Func<TableEntity, T> read)
        where T : class =>
        rows.Select(row => TryRead(row, read)).OfType<T>();

    public static T? TryRead<T>(TableEntity row, Func<TableEntity, T> read)
        where T : class
    {
        try
        {
            return read(row);
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException or ArgumentException)
        {
            return null;
        }
    }

    public static NotificationId? GetNotificationId(this TableEntity entity, string column) =>
        NotificationId.TryParse(entity.GetString(column), out var id) ? id : null;
}
