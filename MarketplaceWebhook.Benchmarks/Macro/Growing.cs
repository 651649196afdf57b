using System.Diagnostics;
using Azure.Data.Tables;
using Azure.Storage.Queues;
using MarketplaceWebhook.Storage;

namespace MarketplaceWebhook.Benchmarks.Macro;

/// <summary>What a projection takes where much is stored already, ÷ where nothing is. One caller, on Azurite.</summary>
internal static class Growing
{
    public const string Section = "Growth";
    private const int StatusChanges = 10_000;
    private const int Cycles = 500;
    private const int Accounts = 50_000;
    private static readonly Guid Busy = new("b0000000-0000-4000-8000-000000000001");

    private static int number;

    public static async Task<IReadOnlyList<Figure>> MeasureAsync(Workbench bench, CancellationToken cancellationToken)
    {
        bench.Options.Report($"{Section}: filling ...");
        await using var empty = await World.OpenAsync(bench, cancellationToken);
        await using var busy = await World.OpenAsync(bench, cancellationToken);
        await using var large = await World.OpenAsync(bench, cancellationToken);
        await FillAccountAsync(busy.Storage, bench, cancellationToken);
        await FillTableAsync(large.Storage, bench, cancellationToken);

        bench.Options.Report($"{Section} ...");
        return
        [
            .. await CompareAsync($"account with {bench.Options.Scaled(StatusChanges):N0} status changes and {bench.Options.Scaled(Cycles)} cycles in other packages",
                "empty account", busy, empty, () => Busy),
            .. await CompareAsync($"table of {bench.Options.Scaled(Accounts):N0} accounts", "empty table", large, empty, Guid.NewGuid),
            await CompareBodiesAsync(empty, bench, cancellationToken),
        ];

        async Task<Figure[]> CompareAsync(string where, string than, World full, World none, Func<Guid> account)
        {
            var app = await bench.AlternateAsync(() => P50Async(full.ProjectByAppAsync, account), () => P50Async(none.ProjectByAppAsync, Guid.NewGuid));
            var sdk = await bench.AlternateAsync(() => P50Async(full.ProjectBySdkAsync, account), () => P50Async(none.ProjectBySdkAsync, Guid.NewGuid));
            return
            [
                Figure.Of(Section, $"p50 of projecting, {where}", "ms", than, app, t => t) with { Target = Target.AtMost(1.2) },
                Figure.Of(Section, $"the same calls by the bare Azure SDK, {where}", "ms", than, sdk, t => t),
            ];
        }

        async Task<double> P50Async(Func<string, Task<TimeSpan>> project, Func<Guid> account)
        {
            var times = new List<double>();
            for (var n = 0; n < bench.Options.Scaled(30); n++)
            {
                // Each the first notification of its package.
                var next = Interlocked.Increment(ref number);
                times.Add((await project(Messaging.Text(next, Bodies.Installed(account(), packageId: 1_000_000 + next)))).TotalMilliseconds);
            }

            return Statistics.Median(times);
        }
    }

    /// <summary>From the call to the rows, received and projected, per byte.</summary>
    private static async Task<Figure> CompareBodiesAsync(World world, Workbench bench, CancellationToken cancellationToken)
    {
        const int Small = 1024;
        const int Large = 1024 * 1024;
        var queue = new QueueClient(world.Storage, StorageNames.Queue, new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 });
        var rounds = await bench.AlternateAsync(() => NanosecondsPerByteAsync(Large, 3), () => NanosecondsPerByteAsync(Small, 15));
        return Figure.Of(Section, "time per byte of a body of 1 MiB, received and projected", "ns", "1 KiB", rounds, t => t) with { Target = Target.AtMost(1) };

        async Task<double> NanosecondsPerByteAsync(int bytes, int times)
        {
            var taken = new List<double>();
            for (var n = 0; n < times; n++)
            {
                var body = Bodies.InstalledOf(bytes, Guid.NewGuid());
                var started = Stopwatch.GetTimestamp();
                await world.App.PostAsync(HostInvocation.ReceivePath, body, cancellationToken);
                var elapsed = Stopwatch.GetElapsedTime(started);
                var message = (await queue.ReceiveMessageAsync(cancellationToken: cancellationToken)).Value;
                elapsed += await world.ProjectByAppAsync(message.MessageText);
                await queue.DeleteMessageAsync(message.MessageId, message.PopReceipt, cancellationToken);
                taken.Add(elapsed.TotalNanoseconds / bytes);
            }

            return Statistics.Median(taken);
        }
    }

    private static async Task FillAccountAsync(string storage, Workbench bench, CancellationToken cancellationToken)
    {
        var tables = new TableServiceClient(storage);
        var changes = Enumerable.Range(0, bench.Options.Scaled(StatusChanges))
            .Select(n => BareProjection.RowsOf(Messaging.Text(n, Bodies.Installed(Busy))).Change.ToEntity());
        await BareProjection.AddAsync(tables.GetTableClient(StorageNames.StatusChangesTable), changes, cancellationToken);

        const int CyclesOfAPackage = 50;
        for (var package = 1; package <= bench.Options.Scaled(Cycles) / CyclesOfAPackage; package++)
        {
            var rows = BareProjection.RowsOf(Messaging.Text(package, Bodies.Installed(Busy, package, CyclesOfAPackage))).Package;
            await BareProjection.AddAsync(tables.GetTableClient(StorageNames.InstallsTable), BareProjection.RowsOf(rows), cancellationToken);
        }
    }

    private static async Task FillTableAsync(string storage, Workbench bench, CancellationToken cancellationToken)
    {
        var installs = new TableServiceClient(storage).GetTableClient(StorageNames.InstallsTable);
        var install = BareProjection.RowsOf(Messaging.Text(0, Bodies.Documented("started"))).Package.Install!;
        await Load.CallsAsync(bench.Options.Scaled(Accounts), 16, _ => installs.AddEntityAsync(install.ToEntity(Guid.NewGuid()), cancellationToken));
    }

    /// <summary>A storage account with the application on it.</summary>
    private sealed class World(string storage, ServerProcess app, BareProjection sdk, CancellationToken cancellationToken) : IAsyncDisposable
    {
        public string Storage => storage;

        public ServerProcess App => app;

        public static async Task<World> OpenAsync(Workbench bench, CancellationToken cancellationToken)
        {
            var storage = bench.NewAccount();
            var sdk = await BareProjection.OnAsync(storage, cancellationToken);
            return new World(storage, await ServerProcess.StartAsync(bench.Programs.Native, storage, cancellationToken), sdk, cancellationToken);
        }

        public async Task<TimeSpan> ProjectByAppAsync(string message)
        {
            var invocation = HostInvocation.Write(message);
            var started = Stopwatch.GetTimestamp();
            await app.PostAsync(HostInvocation.ProjectPath, invocation, cancellationToken);
            return Stopwatch.GetElapsedTime(started);
        }

        public async Task<TimeSpan> ProjectBySdkAsync(string message)
        {
            var (change, package) = BareProjection.RowsOf(message);
            var started = Stopwatch.GetTimestamp();
            await sdk.ProjectAsync(change, package, cancellationToken);
            return Stopwatch.GetElapsedTime(started);
        }

        public ValueTask DisposeAsync() => app.DisposeAsync();
    }
}
