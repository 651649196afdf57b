using System.Diagnostics;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Telemetry;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace MarketplaceWebhook.Receiving;

/// <summary>A request becomes a message on the queue and a 202, or a refusal that is kept.</summary>
public sealed class NotificationReceiver(
    NotificationIds ids,
    NotificationQueue queue,
    DeadLetterTable deadLetters,
    IOptions<Patience> patience,
    TimeProvider time,
    ILogger<NotificationReceiver> logger)
{
    /// <summary>A caller who comes again after this many seconds finds a storage that had time to recover.</summary>
    private const string RetryAfterSeconds = "30";

    /// <param name="source">The label of the marketplace from the URL, unchecked.</param>
    public async Task<IResult> ReceiveAsync(HttpRequest request, string? source, CancellationToken requestAborted)
    {
        var id = ids.Next();
        var body = await RequestBody.ReadAsync(request, requestAborted);
        if (!body.AtEnd)
        {
            request.HttpContext.Response.Headers.Connection = "close";
        }

        // From here on the caller's patience is not asked: whoever hangs up early may never send it again.
        using var deadline = new CancellationTokenSource(patience.Value.Receiving, time);
        try
        {
            return await DecideAsync(id, body, source, deadline.Token);
        }
        catch (Exception e) when (StorageFaults.IsStorage(e))
        {
            Log.Unavailable(logger, id.ToString(), StorageFaults.Describe(e));
            request.HttpContext.Response.Headers.RetryAfter = RetryAfterSeconds;
            return Answers.Unavailable(id);
        }
    }

    private async Task<IResult> DecideAsync(NotificationId id, RequestBody body, string? source, CancellationToken cancellationToken)
    {
        var label = SourceLabel.Read(source);
        if (body.IsTooLarge)
        {
            var tooLarge = new Reading.Refused(RefusalReason.TooLarge, Errors(NotificationReader.Body, "is too large."), AccountId: null);
            await KeepAsync(id, body, label, tooLarge, cancellationToken);
            return Answers.TooLarge(id);
        }

        switch (WithSource(NotificationReader.Read(body.Bytes.Span), label))
        {
            case Reading.Accepted { Notification: var notification }:
                var payload = body.Bytes[^NotificationReader.WithoutByteOrderMark(body.Bytes.Span).Length..];
                await queue.SendAsync(id, label!, Activity.Current?.Id, notification.AccountId, payload, cancellationToken);
                Log.Accepted(
                    logger, id.ToString(), VisibleText.Of(notification.Status), notification.PackageId, notification.AccountId, payload.Length);
                return Answers.Accepted(id);
            case Reading.Refused refused:
                await KeepAsync(id, body, label, refused, cancellationToken);
                return Answers.Refused(id, refused.Errors);
            case var other:
                throw new InvalidOperationException($"A reading is accepted or refused, not {other}.");
        }
    }

    /// <summary>A label that is none refuses the notification too, whatever the body says.</summary>
    private static Reading WithSource(Reading reading, string? label) => (reading, label) switch
    {
        (_, not null)                      => reading,
        (Reading.Refused refused, null)    => refused with { Errors = Errors(SourceLabel.Field, SourceLabel.Rule, refused.Errors) },
        (Reading.Accepted accepted, null)  => new Reading.Refused(
            RefusalReason.InvalidNotification, Errors(SourceLabel.Field, SourceLabel.Rule), accepted.Notification.AccountId),
        _                                  => throw new InvalidOperationException("A reading is accepted or refused."),
    };

    private static Dictionary<string, string[]> Errors(
        string field, string why, IEnumerable<KeyValuePair<string, string[]>>? others = null) => new(others ?? []) { [field] = [why] };

    private async Task KeepAsync(
        NotificationId id, RequestBody body, string? label, Reading.Refused refused, CancellationToken cancellationToken)
    {
        var letter = new DeadLetter
        {
            Kind = DeadLetter.Rejected,
            Id = id,
            Source = label,
            Reason = refused.Reason,
            Detail = string.Join(' ', refused.Errors.Select(e => $"{e.Key} {string.Join(' ', e.Value)}")),
            AccountId = refused.AccountId,
            Body = body.Bytes,
            BodyLength = body.Length,
        };
        await deadLetters.RecordAsync(letter, cancellationToken);
        Log.Refused(logger, id.ToString(), refused.Reason, string.Join(", ", refused.Errors.Keys), body.Length);
    }
}
