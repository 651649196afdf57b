using MarketplaceWebhook.Notifications;

namespace MarketplaceWebhook.Installs;

/// <summary>A cycle that a package has in an account: a row of Installs.</summary>
public sealed record Cycle
{
    public required long PackageId { get; init; }

    public required Guid CycleId { get; init; }

    public string? CycleStatus { get; init; }

    public string? TemplateId { get; init; }

    public string? TemplateReleaseId { get; init; }

    public required int WebhookCount { get; init; }

    /// <summary>JSON array of {Url, StepName}. The URLs are secrets.</summary>
    public required string Webhooks { get; init; }

    /// <summary>The notification that the row comes from; its time is ReportedAt.</summary>
    public required NotificationId NotificationId { get; init; }

    public static Cycle From(NotificationId id, long packageId, ReportedCycle detail, Warnings warnings)
    {
        var path = $"MarketplaceInstallDetails[{detail.CycleId}]";
        return new Cycle
        {
            PackageId = packageId,
            CycleId = detail.CycleId,
            CycleStatus = ColumnText.Text(detail.CycleStatus, $"{path}.CycleStatus", warnings),
            TemplateId = ColumnText.Text(detail.TemplateId, $"{path}.TemplateId", warnings),
            TemplateReleaseId = ColumnText.Text(detail.TemplateReleaseId, $"{path}.TemplateReleaseId", warnings),
            WebhookCount = detail.Webhooks.Count,
            Webhooks = ColumnText.JsonArray(detail.Webhooks, $"{path}.Webhooks", warnings),
            NotificationId = id,
        };
    }
}
