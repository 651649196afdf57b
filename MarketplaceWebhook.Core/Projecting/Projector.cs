using System.Diagnostics;
using MarketplaceWebhook.Installs;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Telemetry;
using Microsoft.Extensions.Logging;

namespace MarketplaceWebhook.Projecting;

/// <summary>
/// A message becomes rows: the log first, then the package as the fold gives it. A crash at any point, a redelivery or a
/// replay of everything ends in the same rows.
/// </summary>
public sealed class Projector(
    StatusChangeLog log,
    InstallTable installs,
    StatusChangeReader reader,
    ProjectionRetry retry,
    TimeProvider time,
    ILogger<Projector> logger)
{
    /// <exception cref="UnreadableEnvelopeException">No attempt will ever read the message.</exception>
    /// <exception cref="UnreadablePayloadException">The payload is no notification.</exception>
    public async Task<NotificationId> ProjectAsync(string messageText, CancellationToken cancellationToken)
    {
        var id = "(unreadable)";
        Activity? span = null;
        try
        {
            var envelope = Envelope.Read(messageText);
            id = envelope.Id.ToString();
            span = Traces.StartProcessing(envelope.Id, envelope.TraceParent);
            var (change, isNew) = await RunAsync(envelope, span, cancellationToken);
            Measure(change, isNew, span);
            if (KnownStatus.Includes(change.Status))
            {
                Log.Projected(logger, id, change.Status, change.PackageId, change.AccountId);
            }
            else
            {
                Log.UnknownStatus(logger, id, SafeText.Of(change.Status));
            }

            return change.Id;
        }
        catch (Exception e)
        {
            span?.Fail(StorageErrors.Describe(e));
            Log.ProjectionFailed(logger, id, StorageErrors.Describe(e));
            throw;
        }
        finally
        {
            span?.Dispose();
        }
    }

    private void Measure(StatusChange change, bool isNew, Activity? span)
    {
        var delay = time.GetUtcNow() - change.Id.ReceivedAt;
        span?.SetTag(TelemetryNames.SpanAttributes.ProjectionDelay, delay.TotalSeconds);
        if (isNew)
        {
            Metrics.Projected(change.Status, delay, change.Status == KnownStatus.Installed ? change.ErrorCount ?? 0 : 0);
        }
    }

    /// <returns>
    /// Whether something was written that did not stand there: true for what a crash cut off as well, false for a message that
    /// is delivered, or replayed, once more.
    /// </returns>
    private Task<(StatusChange Change, bool IsNew)> RunAsync(Envelope envelope, Activity? span, CancellationToken cancellationToken)
    {
        // One patience for all of it: what an attempt got done is not done again.
        StatusChange? change = null;
        var isLogged = false;
        var isNew = false;
        return retry.RunAsync(envelope.Id.ToString(), AttemptAsync, cancellationToken);

        async Task<(StatusChange, bool)> AttemptAsync(CancellationToken token)
        {
            if (change is null)
            {
                change = await reader.ReadAsync(envelope, token);
                span?.Describe(change.Status, change.AccountId);
            }

            var append = isLogged ? Task.FromResult(isNew) : log.AppendAsync(change, token);
            if (!KnownStatus.Includes(change.Status))
            {
                return (change, await append);
            }

            // Beside each other; but nothing is committed before the log row stands.
            var read = installs.ReadAsync(change.AccountId, change.PackageId, token);
            await Task.WhenAll(append, read);
            (isLogged, isNew) = (true, await append);
            var before = await read;
            var after = Fold.Apply(before.Package, change);
            isNew |= after != before.Package;
            await installs.CommitAsync(before, after, token);
            return (change, isNew);
        }
    }
}
