using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;

namespace MarketplaceWebhook.Benchmarks.Macro;

/// <summary>Calls to storage, counted at the stand-in. Azure bills each of them as a transaction.</summary>
internal static class StorageCalls
{
    public const string Section = "Storage calls";

    private const long PackageId = 1234;

    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(20);

    public static async Task<IReadOnlyList<Figure>> MeasureAsync(BenchmarkRun bench, CancellationToken cancellationToken)
    {
        bench.Options.Report($"{Section} ...");
        await using var storage = await StorageStandIn.StartAsync(cancellationToken);
        return
        [
            .. await CountPerProjectionAsync(bench, storage, isNew: false, cancellationToken),
            .. await CountPerProjectionAsync(bench, storage, isNew: true, cancellationToken),
            .. await CountPerNotificationAsync(bench, storage, cancellationToken),
            .. await CountIdleAsync(bench, storage, cancellationToken),
        ];
    }

    /// <summary>Every response takes 50 ms, so that parallel calls overlap.</summary>
    /// <param name="isNew">The notifications are the first ones of their accounts, which are indexed by AccountApiId.</param>
    private static async Task<IReadOnlyList<Figure>> CountPerProjectionAsync(
        BenchmarkRun bench, StorageStandIn storage, bool isNew, CancellationToken cancellationToken)
    {
        storage.Tables = isNew ? null : new SortedTables();
        await using var app = await HostedApp.StartAsync(
            bench.Programs.Isolated, storage.ConnectionString, HostedApp.OneMessageAtATime, cancellationToken);
        var calls = new List<double>();
        var roundTrips = new List<double>();
        storage.RecordsCalls = true;
        for (var n = 0; n < 10; n++)
        {
            var account = Guid.NewGuid();
            storage.Tables?.Insert(StorageNames.InstallsTable, $"{account}", $"{PackageId}", StoppedInstall(account));
            storage.Delay = TimeSpan.FromMilliseconds(50);
            storage.Enqueue(Messages.Text(n, Bodies.Installed(account, PackageId)));
            await app.WaitForProjectionsAsync(1, cancellationToken);
            storage.Delay = TimeSpan.Zero;
            List<StorageStandIn.Call> ofApp = [.. storage.DrainCalls().Where(call => !call.IsOfHost)];
            calls.Add(ofApp.Count);
            roundTrips.Add(LongestChain(ofApp));
        }

        storage.RecordsCalls = false;
        storage.Tables = null;
        var what = isNew ? "first projection of an account" : "projection";
        var extra = isNew ? 1 : 0;
        return
        [
            Count($"of the app per {what}", Statistics.Median(calls)) with { Target = Target.AtMost(3 + extra, Compared.Value) },
            Count($"round trips of the app per {what}", Statistics.Median(roundTrips)) with
            {
                Target = Target.AtMost(2 + extra, Compared.Value),
            },
        ];
    }

    /// <summary>With the AccountApiId of the documented *installed*.</summary>
    private static string StoppedInstall(Guid account) => $$"""
        {"odata.etag":"W/\"1\"","PartitionKey":"{{account}}","RowKey":"{{PackageId}}","Kind":"install","PackageId":"{{PackageId}}",
        "PackageId@odata.type":"Edm.Int64","AccountApiId":"ExampleAccount","Status":"stopped","Source":"default","CycleCount":0,
        "StatusNotificationId":"{{NotificationId.Create(0, 0, 0)}}"}
        """;

    private static async Task<IReadOnlyList<Figure>> CountPerNotificationAsync(
        BenchmarkRun bench, StorageStandIn storage, CancellationToken cancellationToken)
    {
        var notifications = bench.Options.Scaled(1_000);
        var body = Bodies.Documented("installed");
        storage.StoresMessages = true;
        storage.Tables = new SortedTables();
        storage.Tables.Insert(StorageNames.InstallsTable, $"{Guid.Empty}", $"{PackageId}", StoppedInstall(Guid.Empty));
        await using var app = await HostedApp.StartAsync(
            bench.Programs.Isolated, storage.ConnectionString, HostedApp.WithShortPolling, cancellationToken);
        await app.PostAsync(body, cancellationToken);
        await app.WaitForProjectionsAsync(1, cancellationToken);
        storage.RecordsCalls = true;
        await Load.CallsAsync(notifications, 8, _ => app.PostAsync(body, cancellationToken));
        await app.WaitForProjectionsAsync(notifications, cancellationToken);
        storage.RecordsCalls = false;
        var calls = storage.DrainCalls();
        storage.StoresMessages = false;
        storage.Tables = null;
        return
        [
            Count(
                "of the app per notification, accepted and projected",
                calls.Count(call => !call.IsOfHost) / (double)notifications),
            Count("of the host per notification, accepted and projected", calls.Count(
                call => call.IsOfHost) / (double)notifications),
        ];
    }

    /// <summary>With the polling interval of host.json.</summary>
    private static async Task<IReadOnlyList<Figure>> CountIdleAsync(
        BenchmarkRun bench, StorageStandIn storage, CancellationToken cancellationToken)
    {
        await using var app = await HostedApp.StartAsync(
            bench.Programs.Isolated, storage.ConnectionString, new Dictionary<string, string?>(), cancellationToken);
        // The host doubles its pauses until they reach the maximum.
        await Task.Delay(TimeSpan.FromSeconds(8), cancellationToken);
        storage.RecordsCalls = true;
        await Task.Delay(Idle, cancellationToken);
        storage.RecordsCalls = false;
        var calls = storage.DrainCalls();
        var perHour = TimeSpan.FromHours(1) / Idle;
        return
        [
            Count("of the app per idle hour", calls.Count(call => !call.IsOfHost) * perHour),
            Count("of the host per idle hour, one instance", calls.Count(call => call.IsOfHost) * perHour),
        ];
    }

    private static Figure Count(string name, double value) => new() { Section = Section, Name = name, Unit = "", Value = value };

    /// <summary>The largest number of calls of which each started after the previous one had ended.</summary>
    private static int LongestChain(IReadOnlyList<StorageStandIn.Call> calls)
    {
        var length = new Dictionary<StorageStandIn.Call, int>();
        foreach (var call in calls.OrderBy(c => c.Ended))
        {
            length[call] = 1 + length.Where(earlier => earlier.Key.Ended <= call.Started)
                .Select(earlier => earlier.Value).DefaultIfEmpty(0).Max();
        }

        return length.Values.DefaultIfEmpty(0).Max();
    }
}
