using MarketplaceWebhook.Notifications;

namespace MarketplaceWebhook.Installs;

/// <summary>
/// One accepted notification: a row of the log, and the input of the fold. The same id and payload always give the same one.
/// </summary>
public sealed record StatusChange
{
    public required NotificationId Id { get; init; }

    public required string Source { get; init; }

    public required string Status { get; init; }

    public required Guid AccountId { get; init; }

    public required long PackageId { get; init; }

    public string? AccountApiId { get; init; }

    public string? UserId { get; init; }

    public string? CompleteParameter { get; init; }

    /// <summary>Null where the notification had no install details.</summary>
    public int? CycleCount { get; init; }

    public int? ErrorCount { get; init; }

    /// <summary>JSON array of texts.</summary>
    public string? Errors { get; init; }

    /// <summary>
    /// Null where the notification had no install details. Not in the log's columns: they are read from the payload.
    /// </summary>
    public IReadOnlyList<Cycle>? Cycles { get; init; }

    /// <summary>JSON array of texts.</summary>
    public string? Warnings { get; init; }

    /// <summary>Of the request, escaped and cut.</summary>
    public string? UserAgent { get; init; }

    public string? Payload { get; init; }

    public string? PayloadBlob { get; init; }

    public static StatusChange From(NotificationId id, string source, Notification notification)
    {
        var warnings = new Warnings(notification.Warnings);
        return new StatusChange
        {
            Id = id,
            Source = source,
            Status = notification.Status,
            AccountId = notification.AccountId,
            PackageId = notification.PackageId,
            AccountApiId = ColumnText.Text(notification.AccountApiId, nameof(AccountApiId), warnings),
            UserId = ColumnText.Text(notification.UserId, nameof(UserId), warnings),
            CompleteParameter = ColumnText.Text(notification.CompleteParameter, nameof(CompleteParameter), warnings),
            CycleCount = notification.Details?.Count,
            ErrorCount = notification.Errors?.Count,
            Errors = notification.Errors is { } errors ? ColumnText.JsonArray(errors, nameof(Errors), warnings) : null,
            Cycles = notification.Details is { } details
                ? [.. details.Select(d => Cycle.From(id, notification.PackageId, d, warnings))]
                : null,
            Warnings = ColumnText.JsonArray(warnings),
        };
    }
}
