using System.Diagnostics;
using MarketplaceWebhook.Storage;

namespace MarketplaceWebhook.Benchmarks.Macro;

/// <summary>
/// How the duration of a projection depends on the rows that are stored, and the time per byte on the length of the body. The
/// isolated worker projects one message at a time; the durations are those that the Functions host sees.
/// </summary>
internal static class Growth
{
    public const string Section = "Growth";
    private const int StatusChanges = 10_000;
    private const int OtherPackages = 10;
    private const int CyclesOfEach = 50;
    private const int Accounts = 50_000;
    private const string Full = "full";
    private static readonly Guid Busy = new("b0000000-0000-4000-8000-000000000001");

    private static int _number = 1_000_000;

    public static async Task<IReadOnlyList<Figure>> MeasureAsync(BenchmarkRun bench, CancellationToken cancellationToken)
    {
        bench.Options.Report($"{Section} ...");
        return
        [
            await CompareAsync(
                $"account with {bench.Options.Scaled(StatusChanges):N0} status changes and {OtherPackages * CyclesOfEach} cycles in other packages",
                "empty account", bench, FillAccount, () => Busy, cancellationToken),
            await CompareAsync(
                $"table of {bench.Options.Scaled(Accounts):N0} accounts", "empty table", bench, FillTable,
                Guid.NewGuid, cancellationToken),
            await CompareBodiesAsync(bench, cancellationToken),
        ];
    }

    private static async Task<Figure> CompareAsync(
        string name, string baseline, BenchmarkRun bench, Action<SortedTables, BenchmarkRun> fill, Func<Guid> account,
        CancellationToken cancellationToken)
    {
        await using var fullStorage = await StorageStandIn.StartAsync(cancellationToken);
        await using var emptyStorage = await StorageStandIn.StartAsync(cancellationToken);
        fullStorage.Tables = new SortedTables();
        emptyStorage.Tables = new SortedTables();
        fill(fullStorage.Tables, bench);
        await using var fullApp = await StartAsync(fullStorage);
        await using var emptyApp = await StartAsync(emptyStorage);
        await P50Async(Full, bench.Options.Scaled(1_000));
        await P50Async(baseline, bench.Options.Scaled(1_000));
        var rounds = await bench.TakeTurnsAsync([Full, baseline], where => P50Async(where, bench.Options.Scaled(300)));
        var figure = Figure.Of(Section, $"p50 of projecting, {name}", "ms", rounds, Full, baseline, t => t);
        return figure with { Target = Target.AtMost(1.2) };

        Task<HostedApp> StartAsync(StorageStandIn storage) => HostedApp.StartAsync(
            bench.Programs.Isolated, storage.ConnectionString, HostedApp.OneMessageAtATime, cancellationToken);

        // Every message is the first of its package.
        async Task<double> P50Async(string where, int count)
        {
            var (storage, app) = where == Full ? (fullStorage, fullApp) : (emptyStorage, emptyApp);
            for (var n = 0; n < count; n++)
            {
                var next = Interlocked.Increment(ref _number);
                storage.Enqueue(
                    Messages.Text(next, Bodies.Installed(where == Full ? account() : Guid.NewGuid(), packageId: next)));
            }

            return Statistics.Median(await app.WaitForProjectionsAsync(count, cancellationToken));
        }
    }

    /// <summary>Received and projected. On Azurite, since a large body needs a blob.</summary>
    private static async Task<Figure> CompareBodiesAsync(BenchmarkRun bench, CancellationToken cancellationToken)
    {
        const string Small = "1 KiB";
        const string Large = "1 MiB";
        await using var azurite = await EmulatedStorage.StartAsync(bench.Options.Report, cancellationToken);
        await using var app = await HostedApp.StartAsync(
            bench.Programs.Isolated, await azurite.NewAccountAsync(cancellationToken),
            HostedApp.OneMessageAtATime, cancellationToken);
        await NanosecondsPerByteAsync(Large);
        await NanosecondsPerByteAsync(Small);
        var rounds = await bench.TakeTurnsAsync([Large, Small], NanosecondsPerByteAsync);
        return Figure.Of(
            Section, "time per byte of a body of 1 MiB, received and projected", "ns", rounds, Large, Small, t => t) with
        {
            Target = Target.AtMost(1),
        };

        async Task<double> NanosecondsPerByteAsync(string body)
        {
            var (bytes, times) = body == Large ? (1024 * 1024, 3) : (1024, 10);
            var measured = new List<double>();
            for (var n = 0; n < times; n++)
            {
                var notification = Bodies.InstalledOf(bytes, Guid.NewGuid());
                var started = Stopwatch.GetTimestamp();
                await app.PostAsync(notification, cancellationToken);
                var received = Stopwatch.GetElapsedTime(started);
                var projected = TimeSpan.FromMilliseconds((await app.WaitForProjectionsAsync(1, cancellationToken))[0]);
                measured.Add((received + projected).TotalNanoseconds / bytes);
            }

            return Statistics.Median(measured);
        }
    }

    private static void FillAccount(SortedTables tables, BenchmarkRun bench)
    {
        for (var n = 0; n < bench.Options.Scaled(StatusChanges); n++)
        {
            tables.Insert(StorageNames.StatusChangesTable, TableKeys.Account(Busy), $"{n:d19}", "{}");
        }

        for (var package = 1; package <= OtherPackages; package++)
        {
            tables.Insert(StorageNames.InstallsTable, TableKeys.Account(Busy), TableKeys.Install(package), "{}");
            for (var cycle = 0; cycle < CyclesOfEach; cycle++)
            {
                tables.Insert(
                    StorageNames.InstallsTable, TableKeys.Account(Busy), TableKeys.Cycle(package, Guid.NewGuid()), "{}");
            }
        }
    }

    private static void FillTable(SortedTables tables, BenchmarkRun bench)
    {
        for (var n = 0; n < bench.Options.Scaled(Accounts); n++)
        {
            var account = TableKeys.Account(Guid.NewGuid());
            tables.Insert(StorageNames.InstallsTable, account, TableKeys.Install(1234), "{}");
            tables.Insert(StorageNames.StatusChangesTable, account, $"{n:d19}", "{}");
        }
    }
}
