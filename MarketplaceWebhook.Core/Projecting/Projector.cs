using System.Diagnostics;
using MarketplaceWebhook.ChangeFeed;
using MarketplaceWebhook.Installs;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Telemetry;
using Microsoft.Extensions.Logging;

namespace MarketplaceWebhook.Projecting;

/// <summary>
/// Projects one message:
/// 1. read the envelope, and reject one from the future;
/// 2. read the payload into a <see cref="StatusChange"/>;
/// 3. append it to the log and, in parallel, read the package;
/// 4. fold: the package with this notification applied;
/// 5. once the log row exists, index the account by its AccountApiId, if the package has not been stored with it yet;
/// 6. commit the package;
/// 7. put the change on the change feed, if there is one.
/// Steps 2 to 7 are retried together. A crash at any point, a redelivery or a replay of everything ends in the same rows, and the
/// feed has at least one message for every notification with a known status.
/// </summary>
/// <param name="feed">Null without a change feed.</param>
public sealed class Projector(
    StatusChangeLog log,
    InstallTable installs,
    AccountTable accounts,
    StatusChangeReader reader,
    StorageRetry retry,
    TimeProvider time,
    ILogger<Projector> logger,
    ChangeFeedQueue? feed = null)
{
    /// <exception cref="UnreadableEnvelopeException">The message is not a valid envelope; no retry can help.</exception>
    /// <exception cref="FutureNotificationException">The time of the notification's id has not come.</exception>
    /// <exception cref="UnreadablePayloadException">The payload is not a valid notification.</exception>
    public async Task<NotificationId> ProjectAsync(string messageText, CancellationToken cancellationToken)
    {
        Envelope envelope;
        try
        {
            // 1.
            envelope = Envelope.Read(messageText);
        }
        catch (UnreadableEnvelopeException e)
        {
            Log.ProjectionFailed(logger, "(unreadable)", StorageErrors.Describe(e));
            throw;
        }

        return await ProjectAsync(envelope, logsFailure: true, cancellationToken);
    }

    /// <param name="logsFailure">False: the caller logs it.</param>
    internal async Task<NotificationId> ProjectAsync(Envelope envelope, bool logsFailure, CancellationToken cancellationToken)
    {
        var id = envelope.Id.ToString();
        Activity? span = null;
        try
        {
            if (envelope.Id.IsOfFuture(time.GetUtcNow()))
            {
                throw new FutureNotificationException(envelope.Id);
            }

            span = Traces.StartProcessing(envelope.Id, envelope.TraceParent);
            var change = await RunAsync(envelope, span, cancellationToken);
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
            if (logsFailure)
            {
                Log.ProjectionFailed(logger, id, StorageErrors.Describe(e));
            }

            throw;
        }
        finally
        {
            span?.Dispose();
        }
    }

    /// <param name="isNew">
    /// Something was written that did not exist before. True also for completing what a crash interrupted; false for a message
    /// that is delivered or replayed again.
    /// </param>
    private void Measure(StatusChange change, bool isNew, Activity? span)
    {
        // The clock of the instance that received it may be ahead.
        var delay = TimeSpan.FromTicks(Math.Max(0, (time.GetUtcNow() - change.Id.ReceivedAt).Ticks));
        span?.SetTag(TelemetryNames.SpanAttributes.ProjectionDelay, delay.TotalSeconds);
        if (isNew)
        {
            Metrics.Projected(change.Status, delay, change.Status == KnownStatus.Installed ? change.ErrorCount ?? 0 : 0);
        }
    }

    private Task<StatusChange> RunAsync(Envelope envelope, Activity? span, CancellationToken cancellationToken)
    {
        // One time limit for all steps: a retry does not repeat what an earlier attempt completed.
        StatusChange? change = null;
        Install? committed = null;
        var isLogged = false;
        var isNew = false;
        return retry.RunAsync(envelope.Id.ToString(), AttemptAsync, cancellationToken);

        async Task<StatusChange> AttemptAsync(CancellationToken token)
        {
            // 2.
            if (change is null)
            {
                change = await reader.ReadAsync(envelope, token);
                span?.Describe(change.Status, change.AccountId);
            }

            if (!KnownStatus.Includes(change.Status))
            {
                // 3.
                Measure(change, await log.AppendAsync(change, token), span);
                return change;
            }

            if (committed is null)
            {
                committed = await CommitAsync(change, token);
                // Before the feed: if that fails, the next delivery finds nothing new.
                Measure(change, isNew, span);
            }

            // 7.
            if (feed is not null)
            {
                await feed.SendAsync(ChangeEvent.Write(change, committed), token);
                Metrics.ChangeSent(change.Status);
            }

            return change;
        }

        async Task<Install> CommitAsync(StatusChange known, CancellationToken token)
        {
            // 3.
            var append = isLogged ? Task.FromResult(isNew) : log.AppendAsync(known, token);
            var read = installs.ReadAsync(known.AccountId, known.PackageId, token);
            await Task.WhenAll(append, read);
            (isLogged, isNew) = (true, await append);
            var before = await read;

            // 4.
            var after = Fold.Apply(before.Package, known);

            // 5. Repeated by a retry: the account may have been erased since.
            if (after.Install!.AccountApiId is { Length: > 0 } apiId && before.Package.Install?.AccountApiId != apiId)
            {
                await accounts.AddAsync(known.AccountId, apiId, token);
            }

            // 6.
            isNew |= after != before.Package;
            await installs.CommitAsync(before, after, token);
            if (Fold.UnlistedCycles(before.Package, known) is > 0 and var unlisted)
            {
                Metrics.PartiallyUninstalled();
                Log.PartiallyUninstalled(logger, known.Id.ToString(), known.PackageId, known.AccountId, unlisted);
            }

            return after.Install;
        }
    }
}

/// <summary>
/// A sender with access to the queue, or an instance whose clock is wrong, can use an id of any time.
/// </summary>
public sealed class FutureNotificationException(NotificationId id)
    : UnreadableMessageException($"the time of its id, {TimeText.Of(id.ReceivedAt)}, is more than a day from now");
