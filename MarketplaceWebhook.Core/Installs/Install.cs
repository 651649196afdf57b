using Azure.Data.Tables;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;

namespace MarketplaceWebhook.Installs;

/// <summary>A package in an account: a row of Installs. It stays after an uninstall, as the memory of the order.</summary>
public sealed record Install
{
    public const string Kind = "install";

    public required long PackageId { get; init; }

    public required string Status { get; init; }

    /// <summary>The greatest known-status notification; its time is StatusAt.</summary>
    public required NotificationId StatusNotificationId { get; init; }

    public string? AccountApiId { get; init; }

    public string? CompleteParameter { get; init; }

    public required string Source { get; init; }

    /// <summary>The greatest *installed*; its time is InstalledAt.</summary>
    public NotificationId? InstalledNotificationId { get; init; }

    public int? ErrorCount { get; init; }

    /// <summary>JSON array of texts.</summary>
    public string? Errors { get; init; }

    public string? UserId { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? StoppedAt { get; init; }

    /// <summary>The greatest *uninstalled*; its time is UninstalledAt.</summary>
    public NotificationId? UninstalledNotificationId { get; init; }

    public int CycleCount { get; init; }

    public static Install From(TableEntity entity) => new()
    {
        PackageId = entity.GetInt64("PackageId")!.Value,
        Status = entity.GetString("Status"),
        StatusNotificationId = entity.GetNotificationId("StatusNotificationId")!.Value,
        AccountApiId = entity.GetString("AccountApiId"),
        CompleteParameter = entity.GetString("CompleteParameter"),
        Source = entity.GetString("Source"),
        InstalledNotificationId = entity.GetNotificationId("InstalledNotificationId"),
        ErrorCount = entity.GetInt32("ErrorCount"),
        Errors = entity.GetString("Errors"),
        UserId = entity.GetString("UserId"),
        StartedAt = entity.GetDateTimeOffset("StartedAt"),
        StoppedAt = entity.GetDateTimeOffset("StoppedAt"),
        UninstalledNotificationId = entity.GetNotificationId("UninstalledNotificationId"),
        CycleCount = entity.GetInt32("CycleCount")!.Value,
    };

    public TableEntity ToEntity(Guid accountId) => new TableEntity(TableKeys.Account(accountId), TableKeys.Install(PackageId))
        .With("Kind", Kind)
        .With("AccountApiId", AccountApiId)
        .With("PackageId", PackageId)
        .With("Status", Status)
        .With("StatusAt", StatusNotificationId.ReceivedAt)
        .With("InstalledAt", InstalledNotificationId?.ReceivedAt)
        .With("StartedAt", StartedAt)
        .With("StoppedAt", StoppedAt)
        .With("UninstalledAt", UninstalledNotificationId?.ReceivedAt)
        .With("CycleCount", CycleCount)
        .With("ErrorCount", ErrorCount)
        .With("Errors", Errors)
        .With("UserId", UserId)
        .With("CompleteParameter", CompleteParameter)
        .With("Source", Source)
        .With("StatusNotificationId", StatusNotificationId.ToString())
        .With("InstalledNotificationId", InstalledNotificationId?.ToString())
        .With("UninstalledNotificationId", UninstalledNotificationId?.ToString());
}
