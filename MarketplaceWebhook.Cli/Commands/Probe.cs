using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Azure;
using MarketplaceWebhook.Cli.Output;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Telemetry;

namespace MarketplaceWebhook.Cli.Commands;

/// <summary>Sends a test notification through the application and waits for its row.</summary>
/// <param name="storage">Null if the app's storage is unknown.</param>
public sealed class Probe(HttpClient http, StorageClients? storage, TimeProvider time)
{
    /// <summary>
    /// A status that Cyclr never sends, for an account that does not exist: it is logged and does not change Installs.
    /// </summary>
    private const string Body =
        """{"Status":"probe","AccountId":"00000000-0000-0000-0000-000000000000","MarketplaceIntegrationPackageId":1}""";

    private const string NewRole = "A new role assignment can take up to 10 minutes to become active; retrying ...";

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan RolePoll = TimeSpan.FromSeconds(10);

    /// <summary>The time limit from receipt to row.</summary>
    public TimeSpan ArrivalDeadline { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a new role assignment of the app or of this identity may take to become active.</summary>
    public TimeSpan RoleDeadline { get; init; }

    public Action<string> Report { get; init; } = _ => { };

    /// <exception cref="UserErrorException">The app did not respond with 202.</exception>
    public async Task<NotificationId> PostAsync(Uri url, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        while (true)
        {
            var (status, response, version) = await PostOnceAsync(url, cancellationToken);
            if (status == HttpStatusCode.Accepted && NotificationIdOf(response) is { } id)
            {
                if (version != ApplicationVersion.Text)
                {
                    Report(
                        $"The app has {(version is null ? "no version" : $"version {version}")}, this tool has version "
                        + $"{ApplicationVersion.Text}: one of them may be too old for the other.");
                }

                return id;
            }

            if (status != HttpStatusCode.ServiceUnavailable || time.GetElapsedTime(started) >= RoleDeadline)
            {
                throw new UserErrorException(NotAccepted(url, status));
            }

            Report("The app cannot write to its storage yet (503). " + NewRole);
            await Task.Delay(RolePoll, time, cancellationToken);
        }
    }

    /// <returns>The time from receipt to row, by their timestamps.</returns>
    /// <exception cref="UserErrorException">The row did not appear in time, or this identity may not read the
    /// storage.</exception>
    public async Task<TimeSpan> WaitForRowAsync(NotificationId id, CancellationToken cancellationToken)
    {
        var (clients, started, readableSince) = (storage!, time.GetTimestamp(), time.GetTimestamp());
        while (true)
        {
            try
            {
                if (await StatusChangeQueries.FindWrittenAtAsync(clients, Guid.Empty, id, cancellationToken) is { } writtenAt)
                {
                    return Max(TimeSpan.Zero, writtenAt - id.ReceivedAt);
                }

                if (time.GetElapsedTime(readableSince) >= ArrivalDeadline)
                {
                    throw new UserErrorException(NotArrived(id, clients));
                }

                await Task.Delay(Poll, time, cancellationToken);
            }
            catch (RequestFailedException e) when (
                e.Status == (int)HttpStatusCode.Forbidden && time.GetElapsedTime(started) < RoleDeadline)
            {
                Report("This identity may not read the storage yet. " + NewRole);
                await Task.Delay(RolePoll, time, cancellationToken);
                readableSince = time.GetTimestamp();
            }
        }
    }

    private async Task<(HttpStatusCode Status, string Response, string? Version)> PostOnceAsync(
        Uri url, CancellationToken cancellationToken)
    {
        using var content = new StringContent(Body, new MediaTypeHeaderValue("application/json"));
        try
        {
            using var response = await http.PostAsync(url, content, cancellationToken);
            var version = response.Headers.TryGetValues(ApplicationVersion.HeaderName, out var values) ? values.First() : null;
            return (response.StatusCode, await response.Content.ReadAsStringAsync(cancellationToken), version);
        }
        catch (HttpRequestException e)
        {
            throw new UserErrorException($"{Address(url)} did not respond: {e.Message}", e);
        }
        catch (TaskCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new UserErrorException($"{Address(url)} did not respond within {http.Timeout.TotalSeconds:0} s.", e);
        }
    }

    private static NotificationId? NotificationIdOf(string response)
    {
        try
        {
            using var json = JsonDocument.Parse(response);
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
            >= HttpStatusCode.MultipleChoices and < HttpStatusCode.BadRequest => "redirects are not followed",
            HttpStatusCode.Unauthorized => "the key is missing or wrong; pass it as ?code= in the URL",
            HttpStatusCode.NotFound => "no function has this path",
            HttpStatusCode.ServiceUnavailable => "its storage did not accept the notification",
            HttpStatusCode.Accepted => "the response has no notificationId; this is another application",
            _ => "the notification was not accepted",
        };
        return $"{Address(url)} responded with {(int)status}: {why}.";
    }

    private string NotArrived(NotificationId id, StorageClients clients) =>
        $"{id} was accepted, but is not in {StorageNames.StatusChangesTable} of {clients.Description} after {ArrivalDeadline.TotalSeconds:0} s: "
        + "the projection is not running or fails (see DeadLetters), or this is not the app's storage.";

    /// <summary>Without path and query, which contains the key.</summary>
    private static string Address(Uri url) => url.GetLeftPart(UriPartial.Authority);

    private static TimeSpan Max(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
