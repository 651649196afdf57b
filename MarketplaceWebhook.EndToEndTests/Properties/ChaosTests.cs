using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using MarketplaceWebhook.LocalHost.Storage;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support.Histories;
using Spectre.Console;
using Rows = MarketplaceWebhook.Tests.Support.Rows;

namespace MarketplaceWebhook.EndToEndTests.Properties;

/// <summary>
/// 60 s of load while the handler is killed and Azurite is stopped, frozen and started in turn. What got 202 must
/// be in StatusChanges exactly once or in DeadLetters, and Installs must be what the log gives.
/// </summary>
public sealed class ChaosTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(60);

    // One request after the other each, so that the load is bounded by what the application bears.
    private const int Senders = 6;

    [Theory(Explicit = true)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Primary_storage_stopped_for_60_s_under_load_loses_nothing(bool hasFallback)
    {
        var data = Directory.CreateTempSubdirectory("outage-");
        await using var storage = await RestartableAzurite.StartAsync(Path.Combine(data.FullName, "primary"), Cancellation);
        await using var fallback = await RestartableAzurite.StartAsync(Path.Combine(data.FullName, "fallback"), Cancellation);
        var sent = new Sent();
        int lost, twice, drift;
        await using (var application = await ProxiedApplication.StartAsync(
            storage.ConnectionString, ProductSettings, hasFallback ? fallback.ConnectionString : null))
        {
            using var over = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
            var senders = Enumerable.Range(1, Senders)
                .Select(seed => SendAsync(application, sent, new Random(seed), over.Token, TimeSpan.FromSeconds(0.2)))
                .ToList();
            await Task.Delay(TimeSpan.FromSeconds(5), Cancellation);
            await storage.StopAsync();
            await Task.Delay(Duration, Cancellation);
            await storage.StartAgainAsync(Cancellation);
            await Task.Delay(TimeSpan.FromSeconds(5), Cancellation);
            await over.CancelAsync();
            await Task.WhenAll(senders);

            var pending = new StorageClients(
                StorageSettings.FromConnectionString(fallback.ConnectionString), StorageProfile.Fallback).Queue;
            await pending.CreateIfNotExistsAsync(cancellationToken: Cancellation);
            await application.UntilAsync(
                "the fallback queue is empty",
                async () => (await pending.GetPropertiesAsync()).Value.ApproximateMessagesCount == 0,
                TimeSpan.FromMinutes(8));
            await application.UntilQueuesAreEmptyAsync(TimeSpan.FromMinutes(8));
            (lost, twice, drift) = await CompareAsync(application, sent);
        }

        Print(sent, [], lost, twice, drift);
        data.Delete(recursive: true);
        Assert.Equal((0, 0, 0), (lost, twice, drift));
        Assert.Equal(hasFallback, sent.Unknown.IsEmpty);
        Assert.All(sent.Unknown.Keys, status => Assert.Equal((int)HttpStatusCode.ServiceUnavailable, status));
    }

    [Fact(Explicit = true)]
    public async Task Accepted_notifications_are_neither_lost_nor_doubled_while_worker_and_storage_fail()
    {
        var data = Directory.CreateTempSubdirectory("chaos-");
        await using var storage = await RestartableAzurite.StartAsync(data.FullName, Cancellation);
        var sent = new Sent();
        var chaos = new List<string>();
        int lost, twice, drift, rejected;
        await using (var application = await ProxiedApplication.StartAsync(storage.ConnectionString, ProductSettings))
        {
            using var over = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
            over.CancelAfter(Duration);
            var senders = Enumerable.Range(1, Senders).Select(seed => SendAsync(application, sent, new Random(seed), over.Token));
            await Task.WhenAll([.. senders, RageAsync(application, storage, chaos, over.Token)]);

            // What could not be recorded rests for 5 minutes.
            await application.UntilQueuesAreEmptyAsync(TimeSpan.FromMinutes(8));
            (lost, twice, drift) = await CompareAsync(application, sent);
            rejected = (await Rows.ListAsync(application.Storage.DeadLetters, Cancellation))
                .Count(row => row.PartitionKey == "rejected");
        }

        Print(sent, chaos, lost, twice, drift);
        data.Delete(recursive: true);
        Assert.Equal((0, 0, 0), (lost, twice, drift));
        Assert.NotEmpty(sent.Accepted);
        Assert.True(rejected >= sent.Rejected.Count);
    }

    private static async Task<(int Lost, int Twice, int Drift)> CompareAsync(ProxiedApplication application, Sent sent)
    {
        var log = await Rows.ListAsync(application.Storage.StatusChanges, Cancellation);
        var deadLetters = await Rows.ListAsync(application.Storage.DeadLetters, Cancellation);
        var logged = log.CountBy(row => row.GetString("NotificationId")).ToDictionary();
        var dead = deadLetters.Select(row => row.GetString("NotificationId")).ToHashSet();
        var lost = sent.Accepted.Keys.Count(id => !logged.ContainsKey(id) && !dead.Contains(id))
            + sent.Rejected.Keys.Count(id => !dead.Contains(id));
        var expected = RowText.Lines(ReferenceFold.Installs(log.Select(Arrival.FromLog)));
        var actual = RowText.Lines(await Rows.ListAsync(application.Storage.Installs, Cancellation));
        var payloads = log.ToLookup(row => row.GetString("NotificationId"), row => row.GetString("Payload"));
        Assert.All(
            sent.Accepted,
            accepted => Assert.True(dead.Contains(accepted.Key) || payloads[accepted.Key].Contains(accepted.Value)));
        return (
            lost, logged.Count(id => id.Value > 1), expected.Except(actual).Count() + actual.Except(expected).Count());
    }

    private static Dictionary<string, string?> ProductSettings => new()
    {
        ["AzureFunctionsJobHost__extensions__queues__visibilityTimeout"] = null,
        ["AzureFunctionsJobHost__extensions__queues__maxPollingInterval"] = null,
    };

    /// <param name="pause">Before each request. Given, only valid notifications are sent.</param>
    private static async Task SendAsync(
        ProxiedApplication application, Sent sent, Random random, CancellationToken over, TimeSpan pause = default)
    {
        while (!over.IsCancellationRequested)
        {
            await Task.Delay(pause, Cancellation);
            var body = pause == default && random.Next(20) == 0 ? "{}" : AnyHistory.Arrival(random).Body();
            try
            {
                using var response = await application.PostAsync(body);
                switch (response.StatusCode)
                {
                    case HttpStatusCode.Accepted:
                        sent.Accepted[await IdAsync(response)] = body;
                        break;
                    case HttpStatusCode.BadRequest:
                        sent.Rejected[await IdAsync(response)] = body;
                        break;
                    default:
                        sent.Unknown.AddOrUpdate((int)response.StatusCode, 1, (_, count) => count + 1);
                        break;
                }
            }
            catch (HttpRequestException)
            {
                sent.Unknown.AddOrUpdate(0, 1, (_, count) => count + 1);
            }
        }
    }

    private static async Task RageAsync(
        ProxiedApplication application, RestartableAzurite storage, List<string> chaos, CancellationToken over)
    {
        var random = new Random(7);
        try
        {
            for (var turn = 0; ; turn++)
            {
                await Task.Delay(TimeSpan.FromSeconds(2 + (3 * random.NextDouble())), over);
                var down = TimeSpan.FromSeconds(0.5 + (4 * random.NextDouble()));
                switch (turn % 3)
                {
                    case 0:
                        chaos.Add("handler killed");
                        application.KillWorker();
                        break;
                    case 1:
                        chaos.Add("Azurite stopped");
                        await storage.StopAsync();
                        await Task.Delay(down, CancellationToken.None);
                        await storage.StartAgainAsync(Cancellation);
                        break;
                    default:
                        if (OperatingSystem.IsWindows())
                        {
                            break;
                        }

                        chaos.Add("Azurite frozen");
                        await storage.SignalAsync("STOP");
                        await Task.Delay(down, CancellationToken.None);
                        await storage.SignalAsync("CONT");
                        break;
                }
            }
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            // The time is up, and everything runs.
        }
    }

    private static async Task<string> IdAsync(HttpResponseMessage response)
    {
        using var content = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Cancellation));
        return content.RootElement.GetProperty("notificationId").GetString()!;
    }

    private void Print(Sent sent, List<string> chaos, int lost, int twice, int drift)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(text) });
        console.Profile.Width = 100;
        console.Write(
            new Table().Border(TableBorder.Ascii).AddColumns("accepted", "rejected", "unknown", "lost", "twice", "drift").AddRow(
            [.. new[] { sent.Accepted.Count, sent.Rejected.Count, sent.Unknown.Values.Sum(), lost, twice, drift }.Select(
                n => $"{n}")]));
        output.WriteLine(text.ToString());
        output.WriteLine(string.Join(", ", chaos.CountBy(what => what).Select(what => $"{what.Key} {what.Value} times")));
        output.WriteLine("unknown: " + string.Join(", ", sent.Unknown.Select(status => $"{status.Key}: {status.Value}")));
    }

    /// <summary>By the response. Any other than 202 and 400 means unknown: sent again, it would be a new notification.</summary>
    private sealed class Sent
    {
        public ConcurrentDictionary<string, string> Accepted { get; } = [];

        public ConcurrentDictionary<string, string> Rejected { get; } = [];

        public ConcurrentDictionary<int, int> Unknown { get; } = [];
    }

    /// <summary>An Azurite on disk that comes back on the same ports with the same data.</summary>
    private sealed class RestartableAzurite(Azurite running, AzuriteOptions options) : IAsyncDisposable
    {
        private Azurite _running = running;

        public string ConnectionString => _running.ConnectionString(options.Accounts[0]);

        public static async Task<RestartableAzurite> StartAsync(string data, CancellationToken cancellationToken)
        {
            var options = new AzuriteOptions
            {
                DataDirectory = data,
                BlobPort = 0,
                QueuePort = 0,
                TablePort = 0,
                Accounts = [new("chaos", Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)))],
            };
            var azurite = await Azurite.StartAsync(options, cancellationToken);
            return new(azurite, options with
            {
                BlobPort = azurite.BlobEndpoint.Port,
                QueuePort = azurite.QueueEndpoint.Port,
                TablePort = azurite.TableEndpoint.Port,
            });
        }

        /// <summary>By SIGTERM: killed hard, it forgets some seconds of writes that it acknowledged.</summary>
        public ValueTask StopAsync() => _running.DisposeAsync();

        public async Task StartAgainAsync(CancellationToken cancellationToken) =>
            _running = await Azurite.StartAsync(options, cancellationToken);

        public async Task SignalAsync(string signal)
        {
            using var kill = Process.Start("kill", ["-" + signal, _running.ProcessId.ToString(CultureInfo.InvariantCulture)]);
            await kill.WaitForExitAsync(CancellationToken.None);
        }

        public ValueTask DisposeAsync() => _running.DisposeAsync();
    }
}
