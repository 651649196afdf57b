using System.Globalization;
using System.Text.Json;
using MarketplaceWebhook.Installs;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;

namespace MarketplaceWebhook.Cli.Dashboard;

/// <summary>What the page shows, and what it can do.</summary>
/// <param name="Account">The name of the storage account.</param>
/// <param name="Storage">With its host.</param>
/// <param name="Fallback">The fallback storage; null: it is not inspected.</param>
/// <param name="CanWrite">False: there is no application to send to, and webhook URLs are not sent to the page.</param>
internal sealed record AboutView(string Account, string Storage, string? Fallback, bool CanWrite);

/// <summary>An install in a list. Package ids are text: JavaScript numbers are exact only up to 2⁵³.</summary>
internal sealed record InstallView(
    Guid AccountId, string PackageId, string? AccountApiId, string Status, DateTimeOffset StatusAt,
    int CycleCount, int? ErrorCount,
    string Source)
{
    public static InstallView Of(Guid accountId, Install install) => new(
        accountId, PackageText(install.PackageId), install.AccountApiId, install.Status, install.StatusNotificationId.ReceivedAt,
        install.CycleCount, install.ErrorCount, install.Source);

    public static string PackageText(long packageId) => packageId.ToString(CultureInfo.InvariantCulture);
}

/// <summary>An install with its errors and cycles.</summary>
/// <param name="Columns">The other columns of its row that have a value, by name.</param>
internal sealed record PackageView(
    InstallView Install, IReadOnlyDictionary<string, string> Columns, IReadOnlyList<string> Errors,
    IReadOnlyList<CycleView> Cycles)
{
    private static readonly string[] ShownElsewhere =
    [
        Storage.Columns.Kind, Storage.Columns.AccountApiId, Storage.Columns.PackageId, Storage.Columns.Status,
        Storage.Columns.StatusAt, Storage.Columns.CycleCount, Storage.Columns.ErrorCount, Storage.Columns.Errors,
        Storage.Columns.Source,
    ];

    /// <param name="masksUrls">Webhook URLs are secrets.</param>
    public static PackageView Of(Package package, Install install, bool masksUrls) => new(
        InstallView.Of(package.AccountId, install),
        package.ToRows().First().Columns
            .Where(column => !ShownElsewhere.Contains(column.Key)
                && !column.Key.EndsWith(nameof(NotificationId), StringComparison.Ordinal))
            .ToDictionary(column => column.Key, column => RawRow.Shown(column.Value)),
        Texts(install.Errors),
        [
            .. package.Cycles.Values.OrderBy(cycle => cycle.CycleId.ToString(), StringComparer.Ordinal)
                .Select(cycle => CycleView.Of(cycle, masksUrls)),
        ]);

    /// <param name="column">A JSON array of strings, as stored in a column.</param>
    public static IReadOnlyList<string> Texts(string? column) =>
        column is null ? [] : JsonSerializer.Deserialize<List<string>>(column) ?? [];
}

internal sealed record CycleView(
    Guid CycleId, string? CycleStatus, string? TemplateId, string? TemplateReleaseId, DateTimeOffset ReportedAt, int WebhookCount,
    IReadOnlyList<CycleWebhook> Webhooks)
{
    public static CycleView Of(Cycle cycle, bool masksUrls) => new(
        cycle.CycleId, cycle.CycleStatus, cycle.TemplateId, cycle.TemplateReleaseId,
        cycle.NotificationId.ReceivedAt, cycle.WebhookCount,
        [.. (JsonSerializer.Deserialize<List<CycleWebhook>>(cycle.Webhooks) ?? [])
            .Select(webhook => masksUrls ? webhook with { Url = UrlMask.OfWebhook(webhook.Url) } : webhook)]);
}

/// <summary>A notification in an account's history.</summary>
internal sealed record ChangeView(
    string Id, DateTimeOffset ReceivedAt, string Source, string Status, string PackageId, string? AccountApiId, string? UserId,
    string? CompleteParameter, int? CycleCount, IReadOnlyList<string> Errors, IReadOnlyList<string> Warnings,
    string? UserAgent)
{
    public static ChangeView Of(StatusChange entry) => new(
        entry.Id.ToString(), entry.Id.ReceivedAt, entry.Source, entry.Status,
        InstallView.PackageText(entry.PackageId), entry.AccountApiId,
        entry.UserId, entry.CompleteParameter, entry.CycleCount, PackageView.Texts(entry.Errors),
        PackageView.Texts(entry.Warnings), entry.UserAgent);
}

/// <param name="Id">The row's notification id, or the row key if it has none.</param>
internal sealed record DeadLetterView(
    string Kind, string Id, DateTimeOffset? ReceivedAt, string? Source, string? UserAgent, string? Reason, string? Detail,
    string? AccountId, long? BodyLength,
    DateTimeOffset? RedrivenAt)
{
    public static DeadLetterView Of(StoredDeadLetter deadLetter) => new(
        deadLetter.Kind, deadLetter.Id?.ToString() ?? deadLetter.Row.RowKey, deadLetter.ReceivedAt, deadLetter.Source,
        deadLetter.UserAgent,
        deadLetter.Reason, deadLetter.Detail,
        deadLetter.AccountId, deadLetter.BodyLength, deadLetter.RedrivenAt);
}

/// <summary>What was put on the change feed and not received since.</summary>
/// <param name="Messages">The text of the first ones.</param>
internal sealed record ChangeFeedView(string Queue, IReadOnlyList<string> Messages);

internal sealed record ListView<T>(IReadOnlyList<T> Items, string? Continuation);
