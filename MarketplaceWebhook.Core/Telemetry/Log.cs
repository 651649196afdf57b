using Microsoft.Extensions.Logging;

namespace MarketplaceWebhook.Telemetry;

/// <summary>
/// Every log message. Only ids, counts and error codes: no body, no key, no URL. Text from outside is escaped first.
/// </summary>
public static partial class Log
{
    [LoggerMessage(
        101, LogLevel.Information,
        "Accepted {NotificationId}: {Status} of package {PackageId} in account {AccountId}, {Bytes} bytes")]
    public static partial void Accepted(
        ILogger logger, string notificationId, string status, long packageId, Guid accountId, int bytes);

    [LoggerMessage(
        102, LogLevel.Warning,
        "Rejected {NotificationId}: {Reason} ({Fields}), {Bytes} bytes; the body is stored in DeadLetters")]
    public static partial void Rejected(ILogger logger, string notificationId, string reason, string fields, long bytes);

    [LoggerMessage(103, LogLevel.Error, "Storage did not accept {NotificationId}: {Fault}; the caller got 503")]
    public static partial void Unavailable(ILogger logger, string notificationId, string fault);

    [LoggerMessage(
        104, LogLevel.Warning,
        "The clock of this instance is {Seconds:0.0} s behind the time of {NotificationId}, which follows the last id: the clock was set back")]
    public static partial void ClockBehind(ILogger logger, string notificationId, double seconds);

    [LoggerMessage(
        201, LogLevel.Information, "Projected {NotificationId}: {Status} of package {PackageId} in account {AccountId}")]
    public static partial void Projected(ILogger logger, string notificationId, string status, long packageId, Guid accountId);

    [LoggerMessage(202, LogLevel.Warning, "Logged {NotificationId}: the status {Status} is unknown, Installs stays unchanged")]
    public static partial void UnknownStatus(ILogger logger, string notificationId, string status);

    [LoggerMessage(203, LogLevel.Debug, "Attempt {Attempt} at {Id} failed: {Fault}; retrying")]
    public static partial void Retried(ILogger logger, string id, int attempt, string fault);

    [LoggerMessage(204, LogLevel.Error, "Projection of {NotificationId} failed: {Fault}")]
    public static partial void ProjectionFailed(ILogger logger, string notificationId, string fault);

    [LoggerMessage(
        205, LogLevel.Warning,
        "{NotificationId}, an uninstalled of package {PackageId} in account {AccountId}, lists some cycles and not {Count} other live ones: "
        + "all have ended in Installs; `reconcile` reports those that Cyclr still has")]
    public static partial void PartiallyUninstalled(
        ILogger logger, string notificationId, long packageId, Guid accountId, int count);

    [LoggerMessage(301, LogLevel.Error, "Dead letter {NotificationId}: {Reason}, {Detail}")]
    public static partial void DeadLettered(ILogger logger, string notificationId, string reason, string detail);

    [LoggerMessage(302, LogLevel.Information, "{NotificationId} from the poison queue was projected after all")]
    public static partial void Revived(ILogger logger, string notificationId);

    [LoggerMessage(
        303, LogLevel.Error,
        "Dead letter {NotificationId} could not be recorded: {Fault}; its message is back on the poison queue")]
    public static partial void PutBack(ILogger logger, string notificationId, string fault);

    [LoggerMessage(304, LogLevel.Error, "Dead letter {NotificationId} could be neither recorded nor put back: {Fault}")]
    public static partial void NotRecorded(ILogger logger, string notificationId, string fault);

    [LoggerMessage(401, LogLevel.Warning, "Queues, tables and container could not be created: {Fault}")]
    public static partial void StorageNotCreated(ILogger logger, string fault);

    [LoggerMessage(402, LogLevel.Warning, "Storage responded {ErrorCode}: creating missing queues, tables and container")]
    public static partial void CreatingStorage(ILogger logger, string errorCode);

    [LoggerMessage(501, LogLevel.Error, "Function {Function} could not read its invocation: {Fault}")]
    public static partial void InvocationUnreadable(ILogger logger, string function, string fault);

    [LoggerMessage(
        601, LogLevel.Warning,
        "{NotificationId} was sent to the fallback storage, because the storage did not accept it: {Fault}")]
    public static partial void SentToFallback(ILogger logger, string notificationId, string fault);

    [LoggerMessage(602, LogLevel.Information, "{NotificationId} was moved from the fallback storage to the queue")]
    public static partial void MovedFromFallback(ILogger logger, string notificationId);

    [LoggerMessage(
        603, LogLevel.Warning,
        "{NotificationId} stays in the fallback storage, because the storage did not accept it: {Fault}")]
    public static partial void StaysInFallback(ILogger logger, string notificationId, string fault);

    [LoggerMessage(604, LogLevel.Error, "The fallback storage did not accept {NotificationId} either: {Fault}")]
    public static partial void FallbackFailed(ILogger logger, string notificationId, string fault);

    [LoggerMessage(605, LogLevel.Error, "The fallback storage would not accept a notification: {Fault}")]
    public static partial void FallbackCheckFailed(ILogger logger, string fault);

    [LoggerMessage(606, LogLevel.Warning, "Whether another deployment uses the fallback storage is unknown: {Fault}")]
    public static partial void FallbackOwnerUnknown(ILogger logger, string fault);
}
