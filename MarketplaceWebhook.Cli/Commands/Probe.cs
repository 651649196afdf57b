using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Azure;
using Azure.Data.Tables;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;

namespace MarketplaceWebhook.Cli.Commands;

/// <summary>A notification that means nothing, sent through the whole application.</summary>
/// <param name="statusChanges">Null where the app's storage is not known.</param>
public sealed class Probe(HttpClient http, TableClient? statusChanges, TimeProvider time)
{
    /// <summary>A status that Cyclr never sends, for an account that is none: it is logged, and leaves Installs alone.</summary>
    private const string Body =
        """{"Status":"probe","AccountId":"00000000-0000-0000-0000-000000000000","MarketplaceIntegrationPackageId":1}""";

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan RolePoll = TimeSpan.FromSeconds(10);

    /// <summary>From its receipt to its row.</summary>
    public TimeSpan ArrivalDeadline { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a role that was just given, to the app or to who asks, may take to work.</summary>
    public TimeSpan RoleDeadline { get; init; }

    public Action<string> Report { get; init; } = _ => { };

    /// <exception cref="UserErrorException">The app did not answer with 202.</exception>
    public async Task<NotificationId> PostAsync(Uri url, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        while (true)
        {
            var (status, answer) = await PostOnceAsync(url, cancellationToken);
            if (status == HttpStatusCode.Accepted && NotificationIdOf(answer) is { } id)
            {
                return id;
            }

            if (status != HttpStatusCode.ServiceUnavailable || time.GetElapsedTime(started) >= RoleDeadline)
            {
                throw new UserErrorException(NotAccepted(url, status));
            }

            Report("The app cannot write to its storage yet (503). A fresh role can take up to 10 minutes: trying again ...");
            await Task.Delay(RolePoll, time, cancellationToken);
        }
    }

    /// <returns>From its receipt to its row, by their own times.</returns>
    /// <exception cref="UserErrorException">It did not arrive in time, or the storage may not be read.</exception>
    public async Task<TimeSpan> WaitForRowAsync(NotificationId id, CancellationToken cancellationToken)
    {
        var (table, started, readableSince) = (statusChanges!, time.GetTimestamp(), time.GetTimestamp());
        while (true)
        {
            try
            {
                var row = await table.GetEntityIfExistsAsync<TableEntity>(
                    TableKeys.Account(Guid.Empty), TableKeys.NewestFirst(id), select: [nameof(TableEntity.Timestamp)], cancellationToken);
                if (row.HasValue)
                {
                    return Max(TimeSpan.Zero, row.Value!.Timestamp!.Value - id.ReceivedAt);
                }

                if (time.GetElapsedTime(readableSince) >= ArrivalDeadline)
                {
                    throw new UserErrorException(NotArrived(id, table));
                }

                await Task.Delay(Poll, time, cancellationToken);
            }
            catch (RequestFailedException e) when (
                e.Status == (int)HttpStatusCode.Forbidden && time.GetElapsedTime(started) < RoleDeadline)
            {
                Report("The storage does not let this identity read yet. "
                    + "A fresh role can take up to 10 minutes: trying again ...");
                await Task.Delay(RolePoll, time, cancellationToken);
                readableSince = time.GetTimestamp();
            }
        }
    }

    private async Task<(HttpStatusCode Status, string Answer)> PostOnceAsync(Uri url, CancellationToken cancellationToken)
    {
        using var content = new StringContent(Body, new MediaTypeHeaderValue("application/json"));
        try
        {
            using var answer = await http.PostAsync(url, content, cancellationToken);
            return (answer.StatusCode, await answer.Content.ReadAsStringAsync(cancellationToken));
        }
        catch (HttpRequestException e)
        {
            throw new UserErrorException($"{Address(url)} did not answer: {e.Message}", e);
        }
        catch (TaskCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new UserErrorException($"{Address(url)} did not answer within {http.Timeout.TotalSeconds:0} s.", e);
        }
    }

    private static NotificationId? NotificationIdOf(string answer)
    {
        try
        {
            using var json = JsonDocument.Parse(answer);
            return json.RootElement.ValueKind == JsonValueKind.Object
                && json.RootElement.TryGetProperty("notificationId", out var value) && value.ValueKind == JsonValueKind.String
                && NotificationId.TryParse(value.GetString(), out var id)
                ? id
                : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static string NotAccepted(Uri url, HttpStatusCode status)
    {
        var why = status switch
        {
            HttpStatusCode.Unauthorized => "the key is missing or wrong; give it as ?code= in --url",
            HttpStatusCode.NotFound => "no function has this path",
            HttpStatusCode.ServiceUnavailable => "its storage did not take the notification",
            HttpStatusCode.Accepted => "but with no notificationId; is it this application",
            _ => "the notification was not accepted",
        };
        return $"{Address(url)} answered {(int)status}: {why}.";
    }

    private string NotArrived(NotificationId id, TableClient table) =>
        $"{id} was accepted, and does not stand in {table.Name} of {table.AccountName} after {ArrivalDeadline.TotalSeconds:0} s: "
        + "the projection does not run or fails (look at DeadLetters), or this is not the app's storage.";

    /// <summary>Without path and query: the key stands there.</summary>
    private static string Address(Uri url) => url.GetLeftPart(UriPartial.Authority);

    private static TimeSpan Max(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
