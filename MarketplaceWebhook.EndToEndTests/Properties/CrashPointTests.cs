using System.Net;
using System.Text;
using System.Text.Json;
using MarketplaceWebhook.Tests.Support;
using MarketplaceWebhook.Tests.Support.Histories;

namespace MarketplaceWebhook.EndToEndTests.Properties;

/// <summary>
/// The application is killed before the first storage call of what it does, then after the first, after the second and so on
/// until none is left, and started again: same final rows, nothing lost, nothing twice. After one call is before the next: the
/// killed process leaves the same in storage.
/// </summary>
public sealed class CrashPointTests(AzuriteFixture azurite, ITestOutputHelper output)
{
    private readonly string _storage = azurite.NewAccount();

    [Fact]
    public async Task Receipt_killed_at_any_storage_call_loses_nothing_that_got_202()
    {
        await using var application = await ProxiedApplication.StartAsync(_storage);
        var accepted = new List<string>();
        var requests = 0;
        var tried = await CrashPoint.KillAtEachAsync(application, async point =>
        {
            point.Arm();
            // Any response but 202 means unknown: it is sent again, as a new notification.
            string? id;
            do
            {
                requests++;
                id = await ReceiveAsync(application);
            }
            while (id is null);

            accepted.Add(id);
            await application.UntilQueuesAreEmptyAsync();
        });
        output.WriteLine($"A receipt, its payload in a blob, and its projection: {tried} crash points");

        var log = await Rows.ListAsync(application.Storage.StatusChanges, Cancellation);
        var logged = log.Select(row => row.GetString("NotificationId")).ToList();
        Assert.Superset(accepted.ToHashSet(), logged.ToHashSet());
        Assert.Equal(logged.Distinct().Count(), logged.Count);
        // A notification is there too if the worker was killed after storage had accepted it, without a response.
        Assert.InRange(logged.Count, accepted.Count, requests);
        var install = Assert.Single(await Rows.ListAsync(application.Storage.Installs, Cancellation));
        Assert.Equal(logged.Max(StringComparer.Ordinal), install.GetString("StatusNotificationId"));
        Assert.Empty(await Rows.ListAsync(application.Storage.DeadLetters, Cancellation));
    }

    [Fact]
    public async Task Rejection_killed_at_any_storage_call_is_stored_if_the_caller_got_a_response()
    {
        // Not UTF-8: kept in a blob, before the row.
        byte[] body = [0xff, 0xfe];
        await using var application = await ProxiedApplication.StartAsync(_storage);
        var rejected = 0;
        var tried = await CrashPoint.KillAtEachAsync(application, async point =>
        {
            point.Arm();
            HttpStatusCode? status;
            do
            {
                using var response = await PostAsync(application, body);
                status = response?.StatusCode;
            }
            while (status != HttpStatusCode.BadRequest);

            rejected++;
        });
        output.WriteLine($"A rejection: {tried} crash points");

        var deadLetters = await Rows.ListAsync(application.Storage.DeadLetters, Cancellation);
        Assert.InRange(deadLetters.Count, rejected, rejected + (tried / 2));
        Assert.All(deadLetters, deadLetter => Assert.Equal("rejected", deadLetter.PartitionKey));
    }

    [Fact]
    public async Task Dead_letter_killed_at_any_storage_call_is_recorded_once()
    {
        await using var application = await ProxiedApplication.StartAsync(_storage);
        var messages = new List<string>();
        var tried = await CrashPoint.KillAtEachAsync(application, async point =>
        {
            var message = $"no envelope {messages.Count}";
            messages.Add(message);
            point.Arm();
            await application.Storage.PoisonQueue.SendMessageAsync(message, Cancellation);
            await application.UntilQueuesAreEmptyAsync();
        });
        output.WriteLine($"A dead letter: {tried} crash points");

        var deadLetters = await Rows.ListAsync(application.Storage.DeadLetters, Cancellation);
        Assert.Equal(
            messages.Order(StringComparer.Ordinal),
            deadLetters.Select(row => row.GetString("Body")).Order(StringComparer.Ordinal));
    }

    /// <summary>Its payload is stored in a blob.</summary>
    internal static Arrival LongArrival => new()
    {
        Millisecond = 0,
        Counter = 0,
        Status = "started",
        Account = Guid.Empty,
        Package = 1,
        CompleteParameter = new('x', 200_000),
    };

    internal static async Task<string?> ReceiveAsync(ProxiedApplication application)
    {
        using var response = await PostAsync(application, Encoding.UTF8.GetBytes(LongArrival.Body()));
        if (response?.StatusCode != HttpStatusCode.Accepted)
        {
            return null;
        }

        using var content = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Cancellation));
        return content.RootElement.GetProperty("notificationId").GetString();
    }

    /// <returns>Null: the worker was killed while its response was on the way.</returns>
    private static async Task<HttpResponseMessage?> PostAsync(ProxiedApplication application, byte[] body)
    {
        try
        {
            return await application.PostAsync(body);
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }
}
