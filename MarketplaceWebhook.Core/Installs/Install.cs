using MarketplaceWebhook.Notifications;

namespace MarketplaceWebhook.Installs;

/// <summary>A package in an account: a row of Installs. It stays after an uninstall, because it records the order.</summary>
public sealed record Install
{
    public required long PackageId { get; init; }

    public required string Status { get; init; }

    /// <summary>The latest known-status notification; its time is StatusAt.</summary>
    public required NotificationId StatusNotificationId { get; init; }

    public string? AccountApiId { get; init; }

    public string? CompleteParameter { get; init; }

    public required string Source { get; init; }

    /// <summary>The latest *installed*; its time is InstalledAt.</summary>
    public NotificationId? InstalledNotificationId { get; init; }

    public int? ErrorCount { get; init; }

    /// <summary>JSON array of texts.</summary>
    public string? Errors { get; init; }

    public string? UserId { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? StoppedAt { get; init; }

    /// <summary>The latest *uninstalled*; its time is UninstalledAt.</summary>
    public NotificationId? UninstalledNotificationId { get; init; }

    public int CycleCount { get; init; }
}
