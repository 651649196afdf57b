using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Telemetry;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace MarketplaceWebhook.Receiving;

/// <summary>A request becomes a message on the queue and a 202, or a refusal that is kept.</summary>
public sealed class NotificationReceiver(
    NotificationIds ids,
    [FromKeyedServices(StorageUse.Receive)] NotificationQueue queue,
    [FromKeyedServices(StorageUse.Receive)] DeadLetterTable deadLetters,
    TimeLimits timeLimits,
    TimeProvider time,
    ILogger<NotificationReceiver> logger)
{
    /// <summary>A caller who comes again after this many seconds finds a storage that had time to recover.</summary>
    private const string RetryAfterSeconds = "30";

    /// <param name="source">The label of the marketplace from the URL, unchecked.</param>
    public async Task<IResult> ReceiveAsync(HttpRequest request, string? source)
    {
        var id = ids.Next();
        var body = await RequestBody.ReadAsync(request);
        if (!body.AtEnd)
        {
            request.HttpContext.Response.Headers.Connection = "close";
        }

        var label = SourceLabel.Read(source);
        var reading = Read(body, label);
        // The caller's timeLimits is not asked: whoever sends all of it and hangs up may never send it again.
        using var deadline = new CancellationTokenSource(timeLimits.Receiving, time);
        try
        {
            return await KeepAsync(id, body, label, reading, deadline.Token);
        }
        catch (Exception e) when (StorageErrors.IsStorage(e))
        {
            Metrics.Received((reading as ParseResult.Accepted)?.Notification.Status, ReceiptOutcome.Unavailable);
            Log.Unavailable(logger, id.ToString(), StorageErrors.Describe(e));
            request.HttpContext.Response.Headers.RetryAfter = RetryAfterSeconds;
            return Responses.Unavailable(id);
        }
    }

    private static ParseResult Read(RequestBody body, string? label) => body.IsTooLarge
        ? new ParseResult.Refused(RefusalReason.TooLarge, Errors(NotificationReader.Body, "is too large."), AccountId: null)
        : WithSource(NotificationReader.Read(body.Bytes.Span), label);

    /// <summary>A label that is none refuses the notification too, whatever the body says.</summary>
    private static ParseResult WithSource(ParseResult reading, string? label) => (reading, label) switch
    {
        (_, not null) => reading,
        (ParseResult.Refused refused, null) => refused with { Errors = Errors(SourceLabel.Field, SourceLabel.Rule, refused.Errors) },
        (ParseResult.Accepted accepted, null) => new ParseResult.Refused(
            RefusalReason.InvalidNotification, Errors(SourceLabel.Field, SourceLabel.Rule), accepted.Notification.AccountId),
        _ => throw new InvalidOperationException("A reading is accepted or refused."),
    };

    private static Dictionary<string, string[]> Errors(
        string field, string why, IEnumerable<KeyValuePair<string, string[]>>? others = null) => new(others ?? []) { [field] = [why] };

    private Task<IResult> KeepAsync(
        NotificationId id, RequestBody body, string? label, ParseResult reading, CancellationToken cancellationToken) =>
        reading switch
        {
            ParseResult.Accepted accepted => AcceptAsync(id, body, label!, accepted.Notification, cancellationToken),
            ParseResult.Refused refused => RefuseAsync(id, body, label, refused, cancellationToken),
            _ => throw new InvalidOperationException("A reading is accepted or refused."),
        };

    private async Task<IResult> AcceptAsync(
        NotificationId id, RequestBody body, string label, Notification notification, CancellationToken cancellationToken)
    {
        var payload = body.Bytes[^NotificationReader.WithoutByteOrderMark(body.Bytes.Span).Length..];
        await Traces.SendAsync(
            id, notification, traceParent => queue.SendAsync(id, label, traceParent, notification.AccountId, payload, cancellationToken));
        Metrics.Received(notification.Status, ReceiptOutcome.Accepted);
        Log.Accepted(
            logger, id.ToString(), SafeText.Of(notification.Status), notification.PackageId, notification.AccountId, payload.Length);
        return Responses.Accepted(id);
    }

    private async Task<IResult> RefuseAsync(
        NotificationId id, RequestBody body, string? label, ParseResult.Refused refused, CancellationToken cancellationToken)
    {
        var letter = new DeadLetter
        {
            Kind = DeadLetter.Rejected,
            Id = id,
            Source = label,
            Reason = refused.Reason,
            Detail = refused.Describe(),
            AccountId = refused.AccountId,
            Body = body.Bytes,
            BodyLength = body.Length,
        };
        await deadLetters.RecordAsync(letter, cancellationToken);
        Metrics.Received(status: null, ReceiptOutcome.Refused);
        Metrics.Refused(refused.Reason);
        Log.Refused(logger, id.ToString(), refused.Reason, string.Join(", ", refused.Errors.Keys), body.Length);
        return refused.Reason == RefusalReason.TooLarge ? Responses.TooLarge(id) : Responses.Refused(id, refused.Errors);
    }
}
