using Azure.Data.Tables;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;

namespace MarketplaceWebhook.Installs;

/// <summary>A cycle that a package has in an account: a row of Installs.</summary>
public sealed record Cycle
{
    public const string Kind = "cycle";

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

    public static Cycle From(NotificationId id, long packageId, InstallDetail detail, Warnings warnings)
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

    public static Cycle From(TableEntity entity) => new()
    {
        PackageId = entity.GetInt64("PackageId")!.Value,
        CycleId = Guid.Parse(entity.GetString("CycleId")),
        CycleStatus = entity.GetString("CycleStatus"),
        TemplateId = entity.GetString("TemplateId"),
        TemplateReleaseId = entity.GetString("TemplateReleaseId"),
        WebhookCount = entity.GetInt32("WebhookCount")!.Value,
        Webhooks = entity.GetString("Webhooks"),
        NotificationId = entity.GetNotificationId("NotificationId")!.Value,
    };

    public TableEntity ToEntity(Guid accountId) => new TableEntity(TableKeys.Account(accountId), TableKeys.Cycle(PackageId, CycleId))
        .With("Kind", Kind)
        .With("PackageId", PackageId)
        .With("CycleId", CycleId.ToString())
        .With("CycleStatus", CycleStatus)
        .With("TemplateId", TemplateId)
        .With("TemplateReleaseId", TemplateReleaseId)
        .With("WebhookCount", WebhookCount)
        .With("Webhooks", Webhooks)
        .With("ReportedAt", NotificationId.ReceivedAt)
        .With("NotificationId", NotificationId.ToString());
}
