using MarketplaceWebhook.Fallback;
using MarketplaceWebhook.Installs;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Telemetry;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace MarketplaceWebhook.Receiving;

/// <summary>
/// Receives one notification:
/// 1. take its id, whose time is the time of receipt;
/// 2. read the body, up to a limit;
/// 3. parse and validate body and label;
/// 4. accepted: send it to the queue, or to the fallback storage, and respond 202;
/// 5. rejected: store it in DeadLetters and respond 400 or 413;
/// 6. storage does not confirm in time: respond 503.
/// </summary>
public sealed class NotificationReceiver(
    NotificationIds ids,
    NotificationSender sender,
    FallbackCheck fallbackCheck,
    DeadLetterTable deadLetters,
    TimeLimits timeLimits,
    TimeProvider time,
    ILogger<NotificationReceiver> logger)
{
    /// <summary>Gives storage time to recover.</summary>
    private const string RetryAfterSeconds = "30";

    private const int MaxUserAgentCharacters = 256;

    private const int MaxEncodingCharacters = 64;

    /// <summary>Usual corrections of a clock are smaller.</summary>
    private static readonly TimeSpan AllowedClockStep = TimeSpan.FromSeconds(5);

    /// <param name="source">The label of the marketplace from the URL, unchecked.</param>
    public async Task<IResult> ReceiveAsync(HttpRequest request, string? source)
    {
        request.HttpContext.Response.Headers[ApplicationVersion.HeaderName] = ApplicationVersion.Text;

        // 1.
        var id = ids.Next();
        WarnIfClockIsBehind(id);

        // 2.
        var body = await RequestBody.ReadAsync(request);
        if (!body.AtEnd)
        {
            request.HttpContext.Response.Headers.Connection = "close";
        }

        // 3.
        var label = SourceLabel.Read(source);
        var userAgent = UserAgentOf(request);
        var result = Parse(body, label);

        // Deliberately not linked to RequestAborted: a caller that sent the full body and disconnected may never resend it.
        using var deadline = new CancellationTokenSource(timeLimits.Receiving, time);
        try
        {
            return await result.Match(
                accepted => AcceptAsync(
                    id, label!, userAgent, accepted.Notification, body.Bytes[accepted.PayloadOffset..], deadline.Token),
                rejected => RejectAsync(id, label, userAgent, Detail(rejected, request), rejected, body, deadline.Token));
        }
        catch (Exception e) when (StorageErrors.IsStorage(e) || deadline.IsCancellationRequested)
        {
            // 6. At the deadline the exception can also be one of the circuit breaker.
            Metrics.Received(
                result.Match<string?>(accepted => accepted.Notification.Status, _ => null), ReceiptOutcome.Unavailable);
            Log.Unavailable(logger, id.ToString(), StorageErrors.Describe(e));
            request.HttpContext.Response.Headers.RetryAfter = RetryAfterSeconds;
            return Responses.Unavailable(id);
        }
    }

    /// <summary>Ids stay in order, but their times are wrong until the clock has reached the last one.</summary>
    private void WarnIfClockIsBehind(NotificationId id)
    {
        var step = id.ReceivedAt - time.GetUtcNow();
        if (step > AllowedClockStep)
        {
            Log.ClockBehind(logger, id.ToString(), step.TotalSeconds);
        }
    }

    /// <summary>Its first 256 characters, with control characters escaped; null without one.</summary>
    private static string? UserAgentOf(HttpRequest request) => request.Headers.UserAgent.ToString() is { Length: > 0 } text
        ? SafeText.Of(ColumnText.Cut(text, MaxUserAgentCharacters))
        : null;

    private static ParseResult Parse(RequestBody body, string? label)
    {
        if (body.IsTooLarge)
        {
            return new ParseResult.Rejected(
                RejectionReason.TooLarge, Errors(NotificationReader.Body, "is too large."), AccountId: null);
        }

        // An invalid label rejects the notification, whatever the body is.
        var result = NotificationReader.Read(body.Bytes.Span);
        return label is not null ? result : result.Match<ParseResult>(
            accepted => new ParseResult.Rejected(
                RejectionReason.InvalidNotification, Errors(SourceLabel.Field, SourceLabel.Rule),
                accepted.Notification.AccountId),
            rejected => rejected with { Errors = Errors(SourceLabel.Field, SourceLabel.Rule, rejected.Errors) });
    }

    private static Dictionary<string, string[]> Errors(
        string field, string why, IEnumerable<KeyValuePair<string, string[]>>? others = null) =>
            new(others ?? []) { [field] = [why] };

    /// <summary>Step 4.</summary>
    private async Task<IResult> AcceptAsync(
        NotificationId id, string label, string? userAgent, Notification notification, ReadOnlyMemory<byte> payload,
        CancellationToken cancellationToken)
    {
        using var span = Traces.StartSending(id, notification);
        string outcome;
        try
        {
            outcome = await sender.SendAsync(
                new ReceivedNotification(
                    id, label, Traces.CurrentTraceParent, userAgent, notification.AccountId, payload),
                cancellationToken);
        }
        catch (Exception e)
        {
            span?.Fail(e.GetType().Name);
            throw;
        }

        fallbackCheck.StartIfDue();
        Metrics.Received(notification.Status, outcome);
        Log.Accepted(
            logger, id.ToString(), SafeText.Of(notification.Status), notification.PackageId,
            notification.AccountId, payload.Length);
        return Responses.Accepted(id);
    }

    /// <summary>An encoded body is rejected as one that is not JSON: then the header is the reason.</summary>
    private static string Detail(ParseResult.Rejected rejected, HttpRequest request) =>
        request.Headers.ContentEncoding.ToString() is { Length: > 0 } encoding
            ? $"{rejected.Describe()} The request had Content-Encoding {SafeText.Of(encoding, MaxEncodingCharacters)}: "
                + "the body was not decoded."
            : rejected.Describe();

    /// <summary>Step 5.</summary>
    private async Task<IResult> RejectAsync(
        NotificationId id, string? label, string? userAgent, string detail, ParseResult.Rejected rejected, RequestBody body,
        CancellationToken cancellationToken)
    {
        var letter = new DeadLetter
        {
            Kind = DeadLetter.Rejected,
            Id = id,
            Source = label,
            UserAgent = userAgent,
            Reason = rejected.Reason,
            Detail = detail,
            AccountId = rejected.AccountId,
            Body = body.Bytes,
            BodyLength = body.Length,
        };
        await deadLetters.RecordAsync(letter, cancellationToken);
        Metrics.Received(status: null, ReceiptOutcome.Rejected);
        Metrics.Rejected(rejected.Reason);
        Log.Rejected(logger, id.ToString(), rejected.Reason, string.Join(", ", rejected.Errors.Keys), body.Length);
        return rejected.Reason == RejectionReason.TooLarge ? Responses.TooLarge(id) : Responses.Rejected(id, rejected.Errors);
    }
}
