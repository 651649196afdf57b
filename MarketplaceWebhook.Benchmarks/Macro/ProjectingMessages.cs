using System.Diagnostics;
using Azure.Storage.Queues;
using MarketplaceWebhook.Storage;

namespace MarketplaceWebhook.Benchmarks.Macro;

/// <summary>Messages that the Functions host delivers to the queue function.</summary>
internal static class ProjectingMessages
{
    public const string Section = "Projecting";

    // Azurite reads all rows of a table in every query: with more messages the figure would describe Azurite.
    private const int MessagesPerRound = 300;
    private const int FirstMessages = 100;

    /// <summary>A full queue on Azurite, without the time that the first messages need.</summary>
    public static async Task<IReadOnlyList<Figure>> MeasureRateAsync(BenchmarkRun bench, CancellationToken cancellationToken)
    {
        bench.Options.Report($"{Section}: messages on Azurite ...");
        await using var azurite = await EmulatedStorage.StartAsync(bench.Options.Report, cancellationToken);
        var count = bench.Options.Scaled(MessagesPerRound);
        var rounds = await bench.TakeTurnsAsync(bench.Programs.Hosted, async program =>
        {
            var storage = await azurite.NewAccountAsync(cancellationToken);
            var queue = new QueueClient(
                storage, StorageNames.Queue, new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 });
            await Load.CallsAsync(
                FirstMessages + count, 16,
                n => queue.SendMessageAsync(program.MessageText(n, Bodies.Installed(Guid.NewGuid())), cancellationToken));
            await using var app = await HostedApp.StartAsync(program, storage, HostedApp.WithShortPolling, cancellationToken);
            await app.WaitForProjectionsAsync(FirstMessages, cancellationToken);
            var started = Stopwatch.GetTimestamp();
            await app.WaitForProjectionsAsync(count, cancellationToken);
            return count / Stopwatch.GetElapsedTime(started).TotalSeconds;
        });
        return
        [
            Figure.Of(
                Section, "isolated: projected, Azurite", "1/s", rounds, bench.Programs.Isolated,
                bench.Programs.BareIsolated, r => r),
            Figure.Of(
                Section, "native: projected, Azurite", "1/s", rounds, bench.Programs.Native, bench.Programs.Isolated, r => r),
        ];
    }

    public static async Task<IReadOnlyList<Figure>> MeasureCpuAsync(BenchmarkRun bench, CancellationToken cancellationToken)
    {
        await using var storages = new Storages();
        await using var apps = await HostedApps.StartAsync(
            bench.Programs.Hosted, async program => (await storages.AddAsync(program, cancellationToken)).ConnectionString,
            HostedApp.WithShortPolling, cancellationToken);
        foreach (var program in bench.Programs.Hosted)
        {
            bench.Options.Report($"{Section}: warming up the {program} ...");
            await CpuMicrosecondsAsync(program, bench.Options.Scaled(10_000));
        }

        bench.Options.Report($"{Section}: CPU ...");
        var rounds = await bench.TakeTurnsAsync(
            bench.Programs.Hosted, program => CpuMicrosecondsAsync(program, bench.Options.Scaled(1_000)));
        return
        [
            Figure.Of(
                Section, "isolated: CPU per notification", "µs", rounds, bench.Programs.Isolated,
                bench.Programs.BareIsolated, c => c) with
            {
                Target = Target.AtMost(1),
            },
            Figure.Of(Section, "native: CPU per notification", "µs", rounds, bench.Programs.Native, bench.Programs.Isolated, c =>
                c) with
            {
                Target = Target.AtMost(0.3),
            },
        ];

        async Task<double> CpuMicrosecondsAsync(MeasuredProgram program, int count)
        {
            var before = apps[program].CpuTime;
            for (var n = 0; n < count; n++)
            {
                storages[program].Enqueue(program.MessageText(n, Bodies.Installed(Guid.NewGuid())));
            }

            await apps[program].WaitForProjectionsAsync(count, cancellationToken);
            return (apps[program].CpuTime - before).TotalMicroseconds / count;
        }
    }

    /// <summary>A stand-in for each program, since each has its own queue.</summary>
    private sealed class Storages : IAsyncDisposable
    {
        private readonly Dictionary<MeasuredProgram, StorageStandIn> _standIns = [];

        public StorageStandIn this[MeasuredProgram program] => _standIns[program];

        public async Task<StorageStandIn> AddAsync(MeasuredProgram program, CancellationToken cancellationToken) =>
            _standIns[program] = await StorageStandIn.StartAsync(cancellationToken);

        public async ValueTask DisposeAsync()
        {
            foreach (var standIn in _standIns.Values)
            {
                await standIn.DisposeAsync();
            }
        }
    }
}
