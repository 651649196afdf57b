using MarketplaceWebhook.Installs;
using MarketplaceWebhook.Notifications;

namespace MarketplaceWebhook.Storage;

/// <summary>A row of DeadLetters as it is stored.</summary>
public sealed record StoredDeadLetter(RawRow Row)
{
    public string Kind => Row.PartitionKey;

    /// <summary>Null in a row that the application did not write.</summary>
    public NotificationId? Id => Row.Id(Columns.NotificationId);

    /// <summary>
    /// The time of the id; without one of its own, the time at which the message was first added to the poison queue.
    /// </summary>
    public DateTimeOffset? ReceivedAt => Row.Time(Columns.ReceivedAt);

    public string? Source => Row.Text(Columns.Source);

    public string? UserAgent => Row.Text(Columns.UserAgent);

    public string? Reason => Row.Text(Columns.Reason);

    public string? Detail => Row.Text(Columns.Detail);

    public string? AccountId => Row.Text(Columns.AccountId);

    /// <summary>At most <see cref="ColumnText.MaxCharacters"/>.</summary>
    public string? Body => Row.Text(Columns.Body);

    /// <summary>Has the complete body if the column does not.</summary>
    public string? BodyBlob => Row.Text(Columns.BodyBlob);

    /// <summary>Bytes.</summary>
    public long? BodyLength => Row.Number(Columns.BodyLength);

    public DateTimeOffset? RedrivenAt => Row.Time(Columns.RedrivenAt);
}
