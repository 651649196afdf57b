namespace MarketplaceWebhook.Telemetry;

/// <summary>
/// The names of the application's metrics, spans and attributes. Alerts, the workbook and queries of operators rely on them:
/// a test holds those in infra/ to this list.
/// </summary>
public static class TelemetryNames
{
    /// <summary>The activity source and the meter.</summary>
    public const string SourceName = "MarketplaceWebhook";

    /// <summary>OpenTelemetry's <c>service.name</c>, in Application Insights the cloud role name.</summary>
    public const string ServiceName = "marketplace-webhook";

    public static class Metrics
    {
        /// <summary>Counter, {notification}: <see cref="Attributes.Status"/>, <see cref="Attributes.Outcome"/>.</summary>
        public const string Received = "marketplace.notifications.received";

        /// <summary>Counter, {notification}: <see cref="Attributes.Status"/>.</summary>
        public const string Projected = "marketplace.notifications.projected";

        /// <summary>Counter, {notification}: <see cref="Attributes.Reason"/>.</summary>
        public const string Rejected = "marketplace.notifications.rejected";

        /// <summary>Counter, {notification}: <see cref="Attributes.Reason"/>.</summary>
        public const string Failed = "marketplace.notifications.failed";

        /// <summary>Histogram, seconds from receipt to projection: <see cref="Attributes.Status"/>.</summary>
        public const string ProjectionDelay = "marketplace.projection.delay";

        /// <summary>
        /// Histogram, seconds from receipt to an attempt to move a notification from the fallback storage.
        /// </summary>
        public const string FallbackAge = "marketplace.fallback.age";

        /// <summary>
        /// Counter, {failure}: a notification that the fallback storage did not accept, or a check of it that failed.
        /// </summary>
        public const string FallbackFailures = "marketplace.fallback.failures";

        /// <summary>Counter, {message}: <see cref="Attributes.Status"/>.</summary>
        public const string ChangesSent = "marketplace.changes.sent";

        /// <summary>Counter, {retry}: <see cref="Attributes.Operation"/>.</summary>
        public const string StorageRetries = "marketplace.storage.retries";

        /// <summary>Counter, {install}: an <i>installed</i> with errors.</summary>
        public const string InstallsWithErrors = "marketplace.installs.with_errors";

        /// <summary>Counter, {notification}: an <i>uninstalled</i> that lists some cycles of the package and not all.</summary>
        public const string PartiallyUninstalled = "marketplace.installs.partially_uninstalled";
    }

    /// <summary>Attributes of metrics; each has a bounded set of values.</summary>
    public static class Attributes
    {
        /// <summary>A known status, or other.</summary>
        public const string Status = "marketplace.status";

        /// <summary>accepted, fallback, rejected, or unavailable.</summary>
        public const string Outcome = "marketplace.outcome";

        /// <summary>The reason of a dead letter, such as invalid-json or projection-failed.</summary>
        public const string Reason = "marketplace.reason";

        /// <summary>receive, fallback, project, or maintain.</summary>
        public const string Operation = "marketplace.operation";
    }

    /// <summary>Attributes of spans, besides <see cref="Attributes.Status"/>.</summary>
    public static class SpanAttributes
    {
        public const string NotificationId = "marketplace.notification.id";

        public const string AccountId = "marketplace.account.id";

        /// <summary>Seconds from receipt to projection: Azure Monitor keeps no percentiles of a histogram.</summary>
        public const string ProjectionDelay = "marketplace.projection.delay";
    }

    public static class Spans
    {
        /// <summary>Producer: the receipt puts a notification on the queue.</summary>
        public const string Send = "send marketplace-notifications";

        /// <summary>Consumer: the projection of one notification.</summary>
        public const string Process = "process marketplace-notifications";
    }
}
