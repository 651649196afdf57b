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
    StatusChangeLog log, InstallTable installs, PayloadBlobs payloads, ProjectionRetry retry, ILogger<Projector> logger)
{
    /// <exception cref="UnreadableEnvelopeException">No attempt will ever read the message.</exception>
    /// <exception cref="UnreadablePayloadException">The payload is no notification.</exception>
    public async Task<NotificationId> ProjectAsync(string messageText, CancellationToken cancellationToken)
    {
        var id = "(unreadable)";
        try
        {
            var envelope = Envelope.Read(messageText);
            id = envelope.Id.ToString();
            var change = await retry.RunAsync(id, token => ReadAsync(envelope, token), cancellationToken);
            await WriteAsync(change, cancellationToken);
            if (KnownStatus.Includes(change.Status))
            {
                Log.Projected(logger, id, change.Status, change.PackageId, change.AccountId);
            }
            else
            {
                Log.UnknownStatus(logger, id, VisibleText.Of(change.Status));
            }

            return change.Id;
        }
        catch (Exception e)
        {
            Log.ProjectionFailed(logger, id, StorageFaults.Describe(e));
            throw;
        }
    }

    private async Task<StatusChange> ReadAsync(Envelope envelope, CancellationToken cancellationToken)
    {
        var payload = await payloads.GetPayloadAsync(envelope, cancellationToken);
        return NotificationReader.Read(payload.Span) switch
        {
            Reading.Accepted accepted => StatusChange.From(envelope, accepted.Notification),
            Reading.Refused refused   => throw new UnreadablePayloadException(refused.Reason, refused.Errors.Keys),
            _                         => throw new InvalidOperationException("A reading is accepted or refused."),
        };
    }

    private Task<Package?> WriteAsync(StatusChange change, CancellationToken cancellationToken)
    {
        var isLogged = false;
        return retry.RunAsync(change.Id.ToString(), AttemptAsync, cancellationToken);

        async Task<Package?> AttemptAsync(CancellationToken token)
        {
            var append = isLogged ? Task.CompletedTask : log.AppendAsync(change, token);
            if (!KnownStatus.Includes(change.Status))
            {
                await append;
                return null;
            }

            // Beside each other; but nothing is committed before the log row stands.
            var read = installs.ReadAsync(change.AccountId, change.PackageId, token);
            await Task.WhenAll(append, read);
            isLogged = true;
            var before = await read;
            var after = Fold.Apply(before.Package, change);
            await installs.CommitAsync(before, after, token);
            return after;
        }
    }
}

/// <summary>The message's payload is refused by the reader, though it was accepted at the door.</summary>
public sealed class UnreadablePayloadException(string reason, IEnumerable<string> fields)
    : UnreadableMessageException($"{reason} ({string.Join(", ", fields)})");
