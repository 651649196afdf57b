namespace MarketplaceWebhook.Storage;

/// <summary>The names of the columns in all tables. A contract: operators and tools rely on them.</summary>
public static class Columns
{
    public const string Kind = "Kind";
    public const string NotificationId = "NotificationId";
    public const string ReceivedAt = "ReceivedAt";
    public const string Source = "Source";
    public const string Status = "Status";
    public const string StatusAt = "StatusAt";
    public const string StatusNotificationId = "StatusNotificationId";
    public const string InstalledAt = "InstalledAt";
    public const string InstalledNotificationId = "InstalledNotificationId";
    public const string StartedAt = "StartedAt";
    public const string StoppedAt = "StoppedAt";
    public const string UninstalledAt = "UninstalledAt";
    public const string UninstalledNotificationId = "UninstalledNotificationId";
    public const string AccountId = "AccountId";
    public const string AccountApiId = "AccountApiId";
    public const string PackageId = "PackageId";
    public const string UserId = "UserId";
    public const string UserAgent = "UserAgent";
    public const string CompleteParameter = "CompleteParameter";
    public const string CycleId = "CycleId";
    public const string CycleStatus = "CycleStatus";
    public const string CycleCount = "CycleCount";
    public const string TemplateId = "TemplateId";
    public const string TemplateReleaseId = "TemplateReleaseId";
    public const string WebhookCount = "WebhookCount";
    public const string Webhooks = "Webhooks";
    public const string ReportedAt = "ReportedAt";
    public const string ErrorCount = "ErrorCount";
    public const string Errors = "Errors";
    public const string Warnings = "Warnings";
    public const string Payload = "Payload";
    public const string PayloadBlob = "PayloadBlob";
    public const string Reason = "Reason";
    public const string Detail = "Detail";
    public const string Body = "Body";
    public const string BodyBlob = "BodyBlob";
    public const string BodyLength = "BodyLength";
    public const string RedrivenAt = "RedrivenAt";
    public const string Expected = "Expected";
    public const string Actual = "Actual";
    public const string CheckedAt = "CheckedAt";
    public const string FinishedAt = "FinishedAt";
    public const string Accounts = "Accounts";
    public const string Differences = "Differences";

    /// <summary>In an install row: when the latest notification of a known status was received.</summary>
    public static string TimeOf(string status) => $"{char.ToUpperInvariant(status[0])}{status[1..]}At";
}
