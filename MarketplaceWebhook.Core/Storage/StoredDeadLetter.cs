using MarketplaceWebhook.Notifications;

namespace MarketplaceWebhook.Storage;

/// <summary>A row of DeadLetters as it stands.</summary>
public sealed record StoredDeadLetter(RawRow Row)
{
    internal const string RedrivenAtColumn = nameof(RedrivenAt);

    public string Kind => Row.PartitionKey;

    /// <summary>Null in a row that the application did not write.</summary>
    public NotificationId? Id => Row.Id("NotificationId");

    public string? Source => Row.Text(nameof(Source));

    public string? Reason => Row.Text(nameof(Reason));

    public string? Detail => Row.Text(nameof(Detail));

    public string? AccountId => Row.Text(nameof(AccountId));

    /// <summary>At most <see cref="ColumnText.MaxCharacters"/>.</summary>
    public string? Body => Row.Text(nameof(Body));

    /// <summary>Has the body whole, where the column has not.</summary>
    public string? BodyBlob => Row.Text(nameof(BodyBlob));

    /// <summary>Bytes.</summary>
    public long? BodyLength => Row.Number(nameof(BodyLength));

    public DateTimeOffset? RedrivenAt => Row.Time(nameof(RedrivenAt));
}
