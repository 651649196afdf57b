using System.Text;
using Azure.Data.Tables;
using MarketplaceWebhook.Installs;
using MarketplaceWebhook.Notifications;

namespace MarketplaceWebhook.Storage;

/// <summary>Maps the domain's records to table rows and back. An absent value has no column.</summary>
public static class EntityMapping
{
    public const string InstallKind = "install";
    public const string CycleKind = "cycle";

    /// <summary>What <see cref="ToStatusChange"/> reads: everything except the payload.</summary>
    public static IReadOnlyList<string> StatusChangeColumns { get; } =
    [
        nameof(TableEntity.PartitionKey), nameof(TableEntity.RowKey), Columns.NotificationId, Columns.Source, Columns.Status,
        Columns.PackageId, Columns.AccountApiId, Columns.UserId, Columns.CompleteParameter,
        Columns.CycleCount, Columns.ErrorCount,
        Columns.Errors, Columns.Warnings, Columns.UserAgent,
    ];

    public static TableEntity ToEntity(this Install install, Guid accountId) =>
        new TableEntity(TableKeys.Account(accountId), TableKeys.Install(install.PackageId))
            .With(Columns.Kind, InstallKind)
            .With(Columns.AccountApiId, install.AccountApiId)
            .With(Columns.PackageId, install.PackageId)
            .With(Columns.Status, install.Status)
            .With(Columns.StatusAt, install.StatusNotificationId.ReceivedAt)
            .With(Columns.InstalledAt, install.InstalledNotificationId?.ReceivedAt)
            .With(Columns.StartedAt, install.StartedAt)
            .With(Columns.StoppedAt, install.StoppedAt)
            .With(Columns.UninstalledAt, install.UninstalledNotificationId?.ReceivedAt)
            .With(Columns.CycleCount, install.CycleCount)
            .With(Columns.ErrorCount, install.ErrorCount)
            .With(Columns.Errors, install.Errors)
            .With(Columns.UserId, install.UserId)
            .With(Columns.CompleteParameter, install.CompleteParameter)
            .With(Columns.Source, install.Source)
            .With(Columns.StatusNotificationId, install.StatusNotificationId.ToString())
            .With(Columns.InstalledNotificationId, install.InstalledNotificationId?.ToString())
            .With(Columns.UninstalledNotificationId, install.UninstalledNotificationId?.ToString());

    public static Install ToInstall(this TableEntity entity) => new()
    {
        PackageId = entity.GetInt64(Columns.PackageId)!.Value,
        Status = entity.GetString(Columns.Status),
        StatusNotificationId = entity.GetNotificationId(Columns.StatusNotificationId)!.Value,
        AccountApiId = entity.GetAccountApiId(),
        CompleteParameter = entity.GetString(Columns.CompleteParameter),
        Source = entity.GetString(Columns.Source),
        InstalledNotificationId = entity.GetNotificationId(Columns.InstalledNotificationId),
        ErrorCount = entity.GetInt32(Columns.ErrorCount),
        Errors = entity.GetString(Columns.Errors),
        UserId = entity.GetString(Columns.UserId),
        StartedAt = entity.GetDateTimeOffset(Columns.StartedAt),
        StoppedAt = entity.GetDateTimeOffset(Columns.StoppedAt),
        UninstalledNotificationId = entity.GetNotificationId(Columns.UninstalledNotificationId),
        CycleCount = entity.GetInt32(Columns.CycleCount)!.Value,
    };

    public static TableEntity ToEntity(this Cycle cycle, Guid accountId) =>
        new TableEntity(TableKeys.Account(accountId), TableKeys.Cycle(cycle.PackageId, cycle.CycleId))
            .With(Columns.Kind, CycleKind)
            .With(Columns.PackageId, cycle.PackageId)
            .With(Columns.CycleId, cycle.CycleId.ToString())
            .With(Columns.CycleStatus, cycle.CycleStatus)
            .With(Columns.TemplateId, cycle.TemplateId)
            .With(Columns.TemplateReleaseId, cycle.TemplateReleaseId)
            .With(Columns.WebhookCount, cycle.WebhookCount)
            .With(Columns.Webhooks, cycle.Webhooks)
            .With(Columns.ReportedAt, cycle.NotificationId.ReceivedAt)
            .With(Columns.NotificationId, cycle.NotificationId.ToString());

    public static Cycle ToCycle(this TableEntity entity) => new()
    {
        PackageId = entity.GetInt64(Columns.PackageId)!.Value,
        CycleId = Guid.Parse(entity.GetString(Columns.CycleId)),
        CycleStatus = entity.GetString(Columns.CycleStatus),
        TemplateId = entity.GetString(Columns.TemplateId),
        TemplateReleaseId = entity.GetString(Columns.TemplateReleaseId),
        WebhookCount = entity.GetInt32(Columns.WebhookCount)!.Value,
        Webhooks = entity.GetString(Columns.Webhooks),
        NotificationId = entity.GetNotificationId(Columns.NotificationId)!.Value,
    };

    public static TableEntity ToEntity(this StatusChange change) =>
        new TableEntity(TableKeys.Account(change.AccountId), TableKeys.NewestFirst(change.Id))
            .With(Columns.NotificationId, change.Id.ToString())
            .With(Columns.ReceivedAt, change.Id.ReceivedAt)
            .With(Columns.Source, change.Source)
            .With(Columns.Status, change.Status)
            .With(Columns.PackageId, change.PackageId)
            .With(Columns.AccountApiId, change.AccountApiId)
            .With(Columns.UserId, change.UserId)
            .With(Columns.CompleteParameter, change.CompleteParameter)
            .With(Columns.CycleCount, change.CycleCount)
            .With(Columns.ErrorCount, change.ErrorCount)
            .With(Columns.Errors, change.Errors)
            .With(Columns.Warnings, change.Warnings)
            .With(Columns.UserAgent, change.UserAgent)
            .With(Columns.Payload, change.Payload)
            .With(Columns.PayloadBlob, change.PayloadBlob);

    /// <summary>Without cycles and payload.</summary>
    public static StatusChange ToStatusChange(this TableEntity entity) => new()
    {
        Id = entity.GetNotificationId(Columns.NotificationId)!.Value,
        Source = entity.GetString(Columns.Source),
        Status = entity.GetString(Columns.Status),
        AccountId = Guid.Parse(entity.PartitionKey),
        PackageId = entity.GetInt64(Columns.PackageId)!.Value,
        AccountApiId = entity.GetAccountApiId(),
        UserId = entity.GetString(Columns.UserId),
        CompleteParameter = entity.GetString(Columns.CompleteParameter),
        CycleCount = entity.GetInt32(Columns.CycleCount),
        ErrorCount = entity.GetInt32(Columns.ErrorCount),
        Errors = entity.GetString(Columns.Errors),
        Warnings = entity.GetString(Columns.Warnings),
        UserAgent = entity.GetString(Columns.UserAgent),
    };

    public static TableEntity ToEntity(this DeadLetter letter) => new TableEntity(letter.Kind, TableKeys.NewestFirst(letter.Id))
        .With(Columns.NotificationId, letter.Id.ToString())
        .With(Columns.ReceivedAt, letter.InsertedAt ?? letter.Id.ReceivedAt)
        .With(Columns.Source, letter.Source)
        .With(Columns.UserAgent, letter.UserAgent)
        .With(Columns.Reason, letter.Reason)
        .With(Columns.Detail, ColumnText.Cut(letter.Detail))
        .With(Columns.AccountId, letter.AccountId?.ToString())
        .With(Columns.Body, ColumnText.Cut(Encoding.UTF8.GetString(letter.Body.Span)))
        .With(Columns.BodyBlob, letter.NeedsBlob ? TableKeys.DeadLetterBlob(letter.Kind, letter.Id) : null)
        .With(Columns.BodyLength, letter.BodyLength);

    /// <summary>The rows of a package in Installs: the install row first.</summary>
    public static IEnumerable<RawRow> ToRows(this Package package) => package.Install is not { } install
        ? []
        : package.Cycles.Values.Select(cycle => RawRow.From(cycle.ToEntity(package.AccountId)))
            .Prepend(RawRow.From(install.ToEntity(package.AccountId)));

    /// <summary>The readable rows: one that was edited by hand must not hide the others.</summary>
    public static IEnumerable<T> Readable<T>(this IEnumerable<TableEntity> rows, Func<TableEntity, T> read)
        where T : class => rows.Select(row => TryRead(row, read)).OfType<T>();

    /// <returns>Null for a row that was edited by hand and cannot be read.</returns>
    public static T? TryRead<T>(TableEntity row, Func<TableEntity, T> read)
        where T : class
    {
        try
        {
            return read(row);
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException or ArgumentException or InvalidCastException)
        {
            return null;
        }
    }

    public static NotificationId? GetNotificationId(this TableEntity entity, string column) =>
        NotificationId.TryParse(entity.GetString(column), out var id) ? id : null;

    /// <summary>An empty one, which earlier versions wrote, is an absent one.</summary>
    private static string? GetAccountApiId(this TableEntity entity) =>
        entity.GetString(Columns.AccountApiId) is { Length: > 0 } id ? id : null;

    internal static TableEntity With(this TableEntity entity, string column, object? value)
    {
        if (value is not null)
        {
            entity.Add(column, value);
        }

        return entity;
    }
}
