using System.Diagnostics.Metrics;
using MarketplaceWebhook.Notifications;

namespace MarketplaceWebhook.Telemetry;

/// <summary>The counters and measurements of the application. Almost free without a listener.</summary>
public static class Metrics
{
    private const string OtherStatus = "other";

    private static readonly Meter Meter = new(TelemetryNames.SourceName);

    private static readonly Counter<long> ReceivedCounter = Meter.CreateCounter<long>(
        TelemetryNames.Metrics.Received, "{notification}", "Requests that got a response.");

    private static readonly Counter<long> ProjectedCounter = Meter.CreateCounter<long>(
        TelemetryNames.Metrics.Projected, "{notification}", "Notifications that were projected.");

    private static readonly Counter<long> RejectedCounter = Meter.CreateCounter<long>(
        TelemetryNames.Metrics.Rejected, "{notification}", "Notifications that were rejected and stored.");

    private static readonly Counter<long> FailedCounter = Meter.CreateCounter<long>(
        TelemetryNames.Metrics.Failed, "{notification}", "Messages that became dead letters.");

    private static readonly Counter<long> StorageRetriesCounter = Meter.CreateCounter<long>(
        TelemetryNames.Metrics.StorageRetries, "{retry}", "Storage calls that were retried after a fault or a lost race.");

    private static readonly Counter<long> InstallsWithErrorsCounter = Meter.CreateCounter<long>(
        TelemetryNames.Metrics.InstallsWithErrors, "{install}", "Installs that Cyclr reported with errors.");

    private static readonly Counter<long> PartiallyUninstalledCounter = Meter.CreateCounter<long>(
        TelemetryNames.Metrics.PartiallyUninstalled, "{notification}",
        "Notifications of an uninstall that list some cycles of the package and not all.");

    private static readonly Histogram<double> FallbackAgeHistogram = Meter.CreateHistogram(
        TelemetryNames.Metrics.FallbackAge, "s",
        "From the receipt of a notification to an attempt to move it from the fallback storage.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [1, 5, 10, 30, 60, 300, 600, 1800, 3600, 86400] });

    private static readonly Counter<long> FallbackFailuresCounter = Meter.CreateCounter<long>(
        TelemetryNames.Metrics.FallbackFailures, "{failure}",
        "Notifications that the fallback storage did not accept either, and checks of it that failed.");

    private static readonly Counter<long> ChangesSentCounter = Meter.CreateCounter<long>(
        TelemetryNames.Metrics.ChangesSent, "{message}", "Messages that were put on the change feed.");

    private static readonly Histogram<double> ProjectionDelayHistogram = Meter.CreateHistogram(
        TelemetryNames.Metrics.ProjectionDelay, "s", "From the receipt of a notification to its projection.",
        advice: new InstrumentAdvice<double>
        {
            // The host polls an idle queue every 2 s; a failed delivery comes back after 10 s, up to 5 times.
            HistogramBucketBoundaries = [0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 30, 60, 300, 900, 3600],
        });

    /// <param name="status">Null if the body has no readable one.</param>
    /// <param name="outcome">One of <see cref="ReceiptOutcome"/>.</param>
    public static void Received(string? status, string outcome) =>
        ReceivedCounter.Add(1, Status(status), new(TelemetryNames.Attributes.Outcome, outcome));

    public static void Rejected(string reason) =>
        RejectedCounter.Add(1, new KeyValuePair<string, object?>(TelemetryNames.Attributes.Reason, reason));

    /// <summary>
    /// Only for a projection that wrote something new: a redelivered message would be counted twice, the second time as late.
    /// </summary>
    public static void Projected(string status, TimeSpan delay, int errorCount)
    {
        ProjectedCounter.Add(1, Status(status));
        ProjectionDelayHistogram.Record(delay.TotalSeconds, Status(status));
        if (errorCount > 0)
        {
            InstallsWithErrorsCounter.Add(1);
        }
    }

    /// <summary>When the cycles end: a redelivered message finds none.</summary>
    public static void PartiallyUninstalled() => PartiallyUninstalledCounter.Add(1);

    /// <summary>For each attempt to move a notification from the fallback storage, successful or not.</summary>
    public static void FallbackPending(TimeSpan age) => FallbackAgeHistogram.Record(Math.Max(0, age.TotalSeconds));

    public static void FallbackFailed() => FallbackFailuresCounter.Add(1);

    /// <summary>For each message on the change feed: one that is sent again is counted again.</summary>
    public static void ChangeSent(string status) => ChangesSentCounter.Add(1, Status(status));

    public static void Failed(string reason) =>
        FailedCounter.Add(1, new KeyValuePair<string, object?>(TelemetryNames.Attributes.Reason, reason));

    /// <param name="operation">One of <see cref="RetriedOperation"/>.</param>
    public static void StorageRetried(string operation) =>
        StorageRetriesCounter.Add(1, new KeyValuePair<string, object?>(TelemetryNames.Attributes.Operation, operation));

    /// <summary>A label must have few values, but a status can be any text.</summary>
    internal static string StatusLabel(string? status) =>
        status is not null && KnownStatus.Includes(status) ? status : OtherStatus;

    private static KeyValuePair<string, object?> Status(string? status) =>
        new(TelemetryNames.Attributes.Status, StatusLabel(status));
}

public static class ReceiptOutcome
{
    public const string Accepted = "accepted";

    /// <summary>Accepted by the fallback storage.</summary>
    public const string Fallback = "fallback";

    public const string Rejected = "rejected";

    /// <summary>Storage did not confirm in time.</summary>
    public const string Unavailable = "unavailable";
}

public static class RetriedOperation
{
    /// <summary>A call of the primary storage.</summary>
    public const string Primary = "primary";

    /// <summary>A call of the fallback storage.</summary>
    public const string Fallback = "fallback";

    /// <summary>All steps of a projection.</summary>
    public const string Projection = "projection";

    /// <summary>A call of a maintenance command.</summary>
    public const string Maintenance = "maintenance";
}
