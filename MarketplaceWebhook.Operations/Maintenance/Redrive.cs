using System.Runtime.CompilerServices;
using System.Text;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;

namespace MarketplaceWebhook.Maintenance;

/// <summary>
/// Sends dead letters to the queue again under their own ids, so their position in the order stays the same and doing it twice
/// is harmless. First the message is sent, then the dead letter is marked. Before that, the blob that the message refers to is
/// written again: a purge or an erase removes a blob only as it listed it, and one that was just written only once its message
/// must have been sent.
/// </summary>
public sealed class Redrive(
    DeadLetterTable letters, NotificationQueue queue, PayloadBlobs payloads, QueueInspector waiting, TimeProvider time)
{
    private static readonly TimeSpan Taken = TimeSpan.FromMinutes(1);

    /// <param name="dryRun">Reports what would happen; changes nothing.</param>
    public async Task<RedriveResult> RedriveAsync(StoredDeadLetter letter, bool dryRun, CancellationToken cancellationToken)
    {
        if (letter.Reason == RejectionReason.TooLarge)
        {
            return new RedriveResult(RedriveOutcome.TooLarge, "only its beginning was stored");
        }

        if (letter.Id is not { } id)
        {
            return new RedriveResult(RedriveOutcome.Unreadable, "its NotificationId is not a lower-case UUIDv7");
        }

        if (id.IsOfFuture(time.GetUtcNow()))
        {
            return new RedriveResult(
                RedriveOutcome.TooEarly, $"the time of its id, {TimeText.Of(id.ReceivedAt)}, is more than a day from now");
        }

        if (await letters.GetBodyAsync(letter, cancellationToken) is not { } body)
        {
            return new RedriveResult(RedriveOutcome.Unreadable, $"its blob {letter.BodyBlob} is gone");
        }

        var result = letter.Kind == DeadLetter.Failed
            ? await ResendAsync(id, Encoding.UTF8.GetString(body.Span), dryRun, cancellationToken)
            : await ReceiveAgainAsync(id, letter, body, dryRun, cancellationToken);
        if (result.Outcome == RedriveOutcome.Sent && !dryRun)
        {
            // A row that was written since then shows a second failure: it stays unmarked.
            await letters.MarkRedrivenAsync(letter, time.GetUtcNow(), cancellationToken);
        }

        return result;
    }

    /// <summary>
    /// Redrives the poison queue: messages that are not Base64, or were delivered too often without being recorded. Stops after
    /// as many messages as it has now, because each may fail again and come back.
    /// </summary>
    public async IAsyncEnumerable<RedrivenMessage> RedrivePoisonAsync(
        bool dryRun, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var peeked = await waiting.PeekPoisonAsync(cancellationToken);
        if (dryRun)
        {
            foreach (var message in peeked.Seen)
            {
                yield return new RedrivenMessage(IdOf(message.Text), new RedriveResult(RedriveOutcome.Sent));
            }

            yield break;
        }

        for (var rest = peeked.Count; rest > 0;)
        {
            var taken = await waiting.TakeAsync(StorageNames.PoisonQueue, Taken, cancellationToken);
            if (taken.Count == 0)
            {
                yield break;
            }

            rest -= taken.Count;
            foreach (var message in taken)
            {
                var text = message.Message.Text;
                var result = await ResendAsync(text, dryRun, cancellationToken);
                if (result.Outcome == RedriveOutcome.Sent)
                {
                    await waiting.RemoveAsync(message, cancellationToken);
                }

                yield return new RedrivenMessage(IdOf(text), result);
            }
        }
    }

    private async Task<RedriveResult> ResendAsync(
        NotificationId id, string messageText, bool dryRun, CancellationToken cancellationToken)
    {
        if (Envelope.TryRead(messageText)?.PayloadBlob is not { } blob)
        {
            return await ResendAsync(messageText, dryRun, cancellationToken);
        }

        if (await payloads.FindAsync(blob, cancellationToken) is not { } payload)
        {
            return new RedriveResult(RedriveOutcome.Unreadable, $"its blob {blob} is gone");
        }

        if (!dryRun)
        {
            var account = NotificationReader.Read(payload.Span).Match(
                accepted => accepted.Notification.AccountId, rejected => rejected.AccountId);
            await payloads.PutPayloadAsync(id, account, payload, cancellationToken);
        }

        return await ResendAsync(messageText, dryRun, cancellationToken);
    }

    /// <summary>Sends a failed message exactly as it was.</summary>
    private async Task<RedriveResult> ResendAsync(string messageText, bool dryRun, CancellationToken cancellationToken)
    {
        var bytes = Encoding.UTF8.GetByteCount(messageText);
        if (bytes > NotificationQueue.MaxBytes)
        {
            return new RedriveResult(RedriveOutcome.Unreadable, $"its {bytes} bytes do not fit into a message");
        }

        if (!dryRun)
        {
            await queue.ResendAsync(messageText, cancellationToken);
        }

        return new RedriveResult(RedriveOutcome.Sent);
    }

    /// <summary>A rejected body is parsed again: a later version may accept it. An invalid label becomes the default.</summary>
    private Task<RedriveResult> ReceiveAgainAsync(
        NotificationId id, StoredDeadLetter letter, ReadOnlyMemory<byte> body, bool dryRun,
        CancellationToken cancellationToken) =>
        NotificationReader.Read(body.Span).Match(
            async accepted =>
            {
                if (!dryRun)
                {
                    await queue.SendAsync(
                        new ReceivedNotification(
                            id, letter.Source ?? SourceLabel.Default, TraceParent: null, letter.UserAgent,
                            accepted.Notification.AccountId, body[accepted.PayloadOffset..]),
                        cancellationToken);
                }

                return new RedriveResult(RedriveOutcome.Sent);
            },
            rejected => Task.FromResult(new RedriveResult(RedriveOutcome.RejectedAgain, rejected.Describe())));

    private static NotificationId? IdOf(string messageText)
    {
        try
        {
            return Envelope.Read(messageText).Id;
        }
        catch (UnreadableEnvelopeException e)
        {
            return e.Id;
        }
    }
}

/// <param name="Why">One line for people, if it was not sent.</param>
public sealed record RedriveResult(RedriveOutcome Outcome, string? Why = null);

/// <param name="Id">Null if the message has no readable id.</param>
public sealed record RedrivenMessage(NotificationId? Id, RedriveResult Result);

public enum RedriveOutcome
{
    /// <summary>On the queue again.</summary>
    Sent,

    /// <summary>The body is still not a valid notification.</summary>
    RejectedAgain,

    /// <summary>Cannot be redriven: the body was not stored completely.</summary>
    TooLarge,

    /// <summary>The time of its id has not come: its projection would fail again.</summary>
    TooEarly,

    /// <summary>The row or message was not written by the application, or its blob is gone.</summary>
    Unreadable,
}
