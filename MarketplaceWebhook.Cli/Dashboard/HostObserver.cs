using System.Text.Json;
using System.Threading.Channels;
using MarketplaceWebhook.LocalHost;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;
using Microsoft.AspNetCore.Http;

namespace MarketplaceWebhook.Cli.Dashboard;

/// <summary>Turns events of the host into events of the open pages; reads the rows that changed.</summary>
internal sealed class HostObserver(
    ActivityFeed feed, PageEvents pages, InstallTable installs, DeadLetterTable deadLetters,
    PayloadBlobs payloads, TimeProvider time)
{
    private const string Receive = "ReceiveNotification";
    private const string Project = "ProjectNotification";
    private const string Record = "RecordDeadLetter";

    /// <summary>More changed installs at once are not worth a read each: the pages ask for their list again.</summary>
    private const int MaxReads = 50;

    // The host must not wait for the page: beyond this the oldest are not shown.
    private readonly Channel<(HostEvent Event, DateTimeOffset At)> _seen = Channel.CreateBounded<(HostEvent, DateTimeOffset)>(
        new BoundedChannelOptions(20_000) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    private int _callsWithoutId;

    public void Observe(HostEvent hostEvent)
    {
        if (hostEvent is QueueInvocation or ChangeForwarded or HttpInvocation { Function: Receive })
        {
            _seen.Writer.TryWrite((hostEvent, time.GetUtcNow()));
        }
    }

    public async Task RunAsync(CancellationToken stopping)
    {
        while (await _seen.Reader.WaitToReadAsync(stopping))
        {
            var changed = new HashSet<(Guid AccountId, long PackageId)>();
            while (changed.Count <= MaxReads && _seen.Reader.TryRead(out var next))
            {
                if (next.Event is HttpInvocation call)
                {
                    Show(call, next.At);
                }
                else if (next.Event is QueueInvocation { Function: Project } projection)
                {
                    await ShowAsync(projection, next.At, changed, stopping);
                }
                else if (next.Event is ChangeForwarded forwarded)
                {
                    Show(forwarded);
                }
                else if (next.Event is QueueInvocation { Function: Record } recording)
                {
                    await ShowRecordingAsync(recording, next.At, changed, stopping);
                }
            }

            await ShowInstallsAsync(changed, stopping);
        }
    }

    private void Show(HttpInvocation call, DateTimeOffset at)
    {
        var answer = Answer.Read(call.Response);
        var outcome = call.Status switch
        {
            StatusCodes.Status202Accepted => Outcome.Accepted,
            StatusCodes.Status400BadRequest or StatusCodes.Status413PayloadTooLarge => Outcome.Rejected,
            StatusCodes.Status401Unauthorized => Outcome.Unauthorized,
            _ => Outcome.Unavailable,
        };
        // The queue may have been faster than the answer.
        Publish(answer.NotificationId ?? $"call {++_callsWithoutId}", known => known ?? new NotificationActivity
        {
            Id = answer.NotificationId ?? $"call {_callsWithoutId}",
            At = NotificationId.TryParse(answer.NotificationId, out var id) ? id.ReceivedAt : at,
            Outcome = outcome,
            Detail = outcome == Outcome.Accepted ? null : $"{call.Status} {answer.Text}".TrimEnd(),
        });
        if (outcome == Outcome.Rejected)
        {
            pages.Publish("deadletters", new { });
        }
    }

    /// <summary>It may be a change of an earlier run.</summary>
    private void Show(ChangeForwarded forwarded)
    {
        if (ForwardedChange.Read(forwarded.Text) is { } change)
        {
            Publish(change.Id, known => (known ?? change) with
            {
                Forwarded = forwarded.RetryAfter is { } pause
                    ? $"{(forwarded.Status is null ? "no response" : $"{forwarded.Status}")}, again in {pause.TotalSeconds:0} s"
                    : $"{forwarded.Status}",
            });
        }
    }

    private async Task ShowAsync(
        QueueInvocation projection, DateTimeOffset at, HashSet<(Guid, long)> changed, CancellationToken cancellationToken)
    {
        var message = await MessageAsync(projection, cancellationToken);
        var isProjected = projection.Outcome == QueueOutcome.Completed;
        Publish(message.Key, known =>
        {
            var activity = message.Describe(known, at);
            return activity with
            {
                Outcome = isProjected || activity.Outcome == Outcome.Projected ? Outcome.Projected : Outcome.Retrying,
                Detail = isProjected ? null : $"attempt {projection.DequeueCount} failed ({projection.Detail})",
                Deliveries = activity.Deliveries + 1,
                DelayMilliseconds = activity.DelayMilliseconds ?? (isProjected ? (at - activity.At).TotalMilliseconds : null),
            };
        });
        if (isProjected && message.Notification is { } notification)
        {
            changed.Add((notification.AccountId, notification.PackageId));
        }
    }

    /// <summary>The message became a dead letter, or was projected after all: DeadLetters shows which.</summary>
    private async Task ShowRecordingAsync(
        QueueInvocation recording, DateTimeOffset at, HashSet<(Guid, long)> changed, CancellationToken cancellationToken)
    {
        if (recording.Outcome != QueueOutcome.Completed)
        {
            return;
        }

        var message = await MessageAsync(recording, cancellationToken);
        var letter = await TryAsync(
            async () => message.Id is { } id
                ? (await deadLetters.FindAsync(id, cancellationToken)).FirstOrDefault(found => found.Kind == DeadLetter.Failed)
                : null,
            cancellationToken);
        var isDead = letter is not null || message.Id is null;
        Publish(message.Key, known => message.Describe(known, at) with
        {
            Outcome = isDead ? Outcome.Dead : Outcome.Projected,
            Detail = letter?.Detail,
        });
        pages.Publish("deadletters", new { });
        if (!isDead && message.Notification is { } notification)
        {
            changed.Add((notification.AccountId, notification.PackageId));
        }
    }

    private async Task ShowInstallsAsync(HashSet<(Guid AccountId, long PackageId)> changed, CancellationToken cancellationToken)
    {
        if (changed.Count == 0 || !pages.HasPages)
        {
            return;
        }

        if (changed.Count > MaxReads)
        {
            pages.Publish("installs", new { });
            return;
        }

        await Task.WhenAll(changed.Select(async key =>
        {
            var snapshot = await TryAsync<InstallTable.Snapshot>(
                async () => await installs.ReadAsync(key.AccountId, key.PackageId, cancellationToken), cancellationToken);
            if (snapshot?.Package.Install is { } install)
            {
                pages.Publish("install", InstallView.Of(key.AccountId, install));
            }
        }));
    }

    private void Publish(string id, Func<NotificationActivity?, NotificationActivity> change) =>
        pages.Publish("activity", feed.Set(id, change));

    private async Task<ObservedMessage> MessageAsync(QueueInvocation invocation, CancellationToken cancellationToken)
    {
        try
        {
            var envelope = Envelope.Read(invocation.Text);
            var payload = await TryAsync(
                async () => (object)await envelope.GetPayloadAsync(payloads, cancellationToken), cancellationToken);
            var notification = payload is ReadOnlyMemory<byte> body
                && NotificationReader.Read(body.Span) is ParseResult.Accepted accepted
                ? accepted.Notification
                : null;
            return new ObservedMessage(envelope.Id.ToString(), envelope.Id, notification);
        }
        catch (UnreadableEnvelopeException exception)
        {
            var key = exception.Id?.ToString() ?? ObservedMessage.KeyOf(invocation.Text);
            return new ObservedMessage(key, exception.Id, Notification: null);
        }
    }

    /// <summary>A page that lacks a detail is better than none: storage's faults show elsewhere.</summary>
    private static async Task<T?> TryAsync<T>(Func<Task<T?>> read, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            return await read();
        }
        catch (Exception exception) when (StorageErrors.IsStorage(exception) && !cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    /// <summary>What the application answered, as far as its beginning says it.</summary>
    private sealed record Answer(string? NotificationId, string? Text)
    {
        public static Answer Read(string text)
        {
            try
            {
                using var document = JsonDocument.Parse(text);
                var root = document.RootElement;
                var errors = root.TryGetProperty("errors", out var fields)
                    ? string.Join(' ', fields.EnumerateObject()
                        .Select(field => $"{field.Name} {string.Join(' ', field.Value.EnumerateArray())}"))
                    : null;
                return new Answer(
                    root.TryGetProperty("notificationId", out var id) ? id.GetString() : null,
                    errors ?? (root.TryGetProperty("title", out var title) ? title.GetString() : null));
            }
            catch (Exception exception) when (exception is JsonException or InvalidOperationException)
            {
                return new Answer(NotificationId: null, Text: null);
            }
        }
    }
}
