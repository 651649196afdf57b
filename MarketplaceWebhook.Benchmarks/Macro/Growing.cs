using System.Diagnostics;
using Azure.Storage.Queues;
using MarketplaceWebhook.Storage;

namespace MarketplaceWebhook.Benchmarks.Macro;

/// <summary>What a projection takes where much is stored already, ÷ where nothing is; and what a large body takes, per byte. One caller.</summary>
internal static class Growing
{
    public const string Section = "Growth";
    private const int StatusChanges = 10_000;
    private const int OtherPackages = 10;
    private const int CyclesOfEach = 50;
    private const int Accounts = 50_000;
    private static readonly Guid Busy = new("b0000000-0000-4000-8000-000000000001");

    private static int number = 1_000_000;

    public static async Task<IReadOnlyList<Figure>> MeasureAsync(Workbench bench, CancellationToken cancellationToken)
    {
        bench.Options.Report($"{Section} ...");
        return
        [
            await CompareAsync(
                $"account with {bench.Options.Scaled(StatusChanges):N0} status changes and {OtherPackages * CyclesOfEach} cycles in other packages",
                "empty account", bench, FillAccount, () => Busy, cancellationToken),
            await CompareAsync(
                $"table of {bench.Options.Scaled(Accounts):N0} accounts", "empty table", bench, FillTable, Guid.NewGuid, cancellationToken),
            await CompareBodiesAsync(bench, cancellationToken),
        ];
    }

    private static async Task<Figure> CompareAsync(
        string where, string than, Workbench bench, Action<SortedTables, Workbench> fill, Func<Guid> account, CancellationToken cancellationToken)
    {
        await using var full = await World.OpenAsync(bench, cancellationToken);
        await using var empty = await World.OpenAsync(bench, cancellationToken);
        fill(full.Storage.Tables!, bench);
        await P50Async(full, account);
        await P50Async(empty, Guid.NewGuid);
        var rounds = await bench.AlternateAsync(() => P50Async(full, account), () => P50Async(empty, Guid.NewGuid));
        return Figure.Of(Section, $"p50 of projecting, {where}", "ms", than, rounds, t => t) with { Target = Target.AtMost(1.2) };

        async Task<double> P50Async(World world, Func<Guid> account)
        {
            // Each the first notification of its package.
            var load = await Load.CallsAsync(bench.Options.Scaled(300), 1, _ =>
            {
                var next = Interlocked.Increment(ref number);
                var message = Messaging.Text(next, Bodies.Installed(account(), packageId: next));
                return world.App.PostAsync(HostInvocation.ProjectPath, HostInvocation.Write(message), cancellationToken);
            });
            return load.P50;
        }
    }

    /// <summary>From the call to the rows, received and projected, per byte. On Azurite: a large body needs a blob.</summary>
    private static async Task<Figure> CompareBodiesAsync(Workbench bench, CancellationToken cancellationToken)
    {
        const int Small = 1024;
        const int Large = 1024 * 1024;
        await using var azurite = await bench.StartAzuriteAsync(cancellationToken);
        var storage = azurite.NewAccount();
        await using var app = await ServerProcess.StartAsync(bench.Programs.Native, storage, cancellationToken);
        var queue = new QueueClient(storage, StorageNames.Queue, new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 });
        await NanosecondsPerByteAsync(Large, 1);
        var rounds = await bench.AlternateAsync(() => NanosecondsPerByteAsync(Large, 3), () => NanosecondsPerByteAsync(Small, 15));
        return Figure.Of(Section, "time per byte of a body of 1 MiB, received and projected", "ns", "1 KiB", rounds, t => t) with
        {
            Target = Target.AtMost(1),
        };

        async Task<double> NanosecondsPerByteAsync(int bytes, int times)
        {
            var taken = new List<double>();
            for (var n = 0; n < times; n++)
            {
                var body = Bodies.InstalledOf(bytes, Guid.NewGuid());
                var received = await TimeAsync(() => app.PostAsync(HostInvocation.ReceivePath, body, cancellationToken));
                var message = (await queue.ReceiveMessageAsync(cancellationToken: cancellationToken)).Value;
                var invocation = HostInvocation.Write(message.MessageText);
                var projected = await TimeAsync(() => app.PostAsync(HostInvocation.ProjectPath, invocation, cancellationToken));
                await queue.DeleteMessageAsync(message.MessageId, message.PopReceipt, cancellationToken);
                taken.Add((received + projected).TotalNanoseconds / bytes);
            }

            return Statistics.Median(taken);
        }
    }

    private static async Task<TimeSpan> TimeAsync(Func<Task> call)
    {
        var started = Stopwatch.GetTimestamp();
        await call();
        return Stopwatch.GetElapsedTime(started);
    }

    private static void FillAccount(SortedTables tables, Workbench bench)
    {
        for (var n = 0; n < bench.Options.Scaled(StatusChanges); n++)
        {
            var change = BareProjection.RowsOf(Messaging.Text(n, Bodies.Documented("started"))).Change;
            tables.Insert(StorageNames.StatusChangesTable, TableKeys.Account(Busy), TableKeys.NewestFirst(change.Id), "{}");
        }

        for (var package = 1; package <= OtherPackages; package++)
        {
            tables.Insert(StorageNames.InstallsTable, TableKeys.Account(Busy), TableKeys.Install(package), "{}");
            for (var cycle = 0; cycle < CyclesOfEach; cycle++)
            {
                tables.Insert(StorageNames.InstallsTable, TableKeys.Account(Busy), TableKeys.Cycle(package, Guid.NewGuid()), "{}");
            }
        }
    }

    private static void FillTable(SortedTables tables, Workbench bench)
    {
        for (var n = 0; n < bench.Options.Scaled(Accounts); n++)
        {
            var account = TableKeys.Account(Guid.NewGuid());
            tables.Insert(StorageNames.InstallsTable, account, TableKeys.Install(1234), "{}");
            tables.Insert(StorageNames.StatusChangesTable, account, $"{n:d19}", "{}");
        }
    }

    /// <summary>The application on storage that keeps its rows.</summary>
    private sealed class World(StorageStandIn storage, ServerProcess app) : IAsyncDisposable
    {
        public StorageStandIn Storage => storage;

        public ServerProcess App => app;

        public static async Task<World> OpenAsync(Workbench bench, CancellationToken cancellationToken)
        {
            var storage = await StorageStandIn.StartAsync(cancellationToken);
            storage.Tables = new SortedTables();
            return new World(storage, await ServerProcess.StartAsync(bench.Programs.Native, storage.ConnectionString, cancellationToken));
        }

        public async ValueTask DisposeAsync()
        {
            await app.DisposeAsync();
            await storage.DisposeAsync();
        }
    }
}
