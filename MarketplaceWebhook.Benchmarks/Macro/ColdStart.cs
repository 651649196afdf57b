using System.Diagnostics;

namespace MarketplaceWebhook.Benchmarks.Macro;

/// <summary>From the start of the process to its first result, on the storage stand-in.</summary>
internal static class ColdStart
{
    public const string Section = "Cold start";

    // The scheduler has a large effect on a short start.
    private const int StartsPerRound = 2;

    /// <summary>Under the Functions host.</summary>
    public static async Task<IReadOnlyList<Figure>> MeasureHostedAsync(BenchmarkRun bench, CancellationToken cancellationToken)
    {
        var (isolated, bare, native) = (bench.Programs.Isolated, bench.Programs.BareIsolated, bench.Programs.Native);
        var body = Bodies.Documented("installed");
        await using var storage = await StorageStandIn.StartAsync(cancellationToken);
        bench.Options.Report($"{Section} ...");
        foreach (var program in bench.Programs.Hosted)
        {
            // The files are in memory from now on.
            await UntilAcceptedAsync(program);
        }

        var accepted = await bench.TakeTurnsAsync(bench.Programs.Hosted, UntilAcceptedAsync, StartsPerRound);
        var projected = await bench.TakeTurnsAsync(bench.Programs.Hosted, UntilProjectedAsync, StartsPerRound);
        return
        [
            Figure.Of(
                Section, "isolated: first 202", "ms", accepted, isolated, bare, s =>
                    s.Milliseconds) with { Target = Target.AtMost(1.05) },
            Figure.Of(Section, "isolated: CPU until the first 202", "ms", accepted, isolated, bare, s => s.CpuMilliseconds),
            Figure.Of(Section, "isolated: first projected row", "ms", projected, isolated, bare, s => s.Milliseconds) with
            {
                Target = Target.AtMost(1.05),
            },
            Figure.Of(
                Section, "isolated: CPU until the first projected row", "ms", projected, isolated, bare, s => s.CpuMilliseconds),
            Figure.Of(Section, "native: first 202", "ms", accepted, native, isolated, s =>
                s.Milliseconds) with { Target = Target.AtMost(0.3) },
            Figure.Of(Section, "native: first projected row", "ms", projected, native, isolated, s => s.Milliseconds),
        ];

        async Task<Start> UntilAcceptedAsync(MeasuredProgram program)
        {
            await using var app = await HostedApp.StartAsync(
                program, storage.ConnectionString, HostedApp.WithoutProjection, cancellationToken);
            await app.PostAsync(body, cancellationToken);
            return Start.Of(app);
        }

        async Task<Start> UntilProjectedAsync(MeasuredProgram program)
        {
            storage.Enqueue(program.MessageText(1, body));
            var projected = storage.NextTransaction;
            await using var app = await HostedApp.StartAsync(
                program, storage.ConnectionString, HostedApp.WithShortPolling, cancellationToken);
            await projected.WaitAsync(cancellationToken);
            var start = Start.Of(app);
            await app.WaitForProjectionsAsync(1, cancellationToken);
            return start;
        }
    }

    /// <summary>The native handler and its baseline, called directly.</summary>
    public static async Task<IReadOnlyList<Figure>> MeasureDirectAsync(BenchmarkRun bench, CancellationToken cancellationToken)
    {
        var (native, bare) = (bench.Programs.Native, bench.Programs.BareNative);
        var body = Bodies.Documented("installed");
        await using var storage = await StorageStandIn.StartAsync(cancellationToken);
        bench.Options.Report($"{Section}: called directly ...");
        await UntilAcceptedAsync(native);
        await UntilAcceptedAsync(bare);
        var rounds = await bench.TakeTurnsAsync([native, bare], UntilAcceptedAsync, 2 * StartsPerRound);
        return
        [
            Figure.Of(
                Section, "native, called directly: first 202", "ms", rounds, native, bare, t =>
                    t) with { Target = Target.AtMost(1.5) },
        ];

        async Task<double> UntilAcceptedAsync(MeasuredProgram program)
        {
            var started = Stopwatch.GetTimestamp();
            await using var server = ServerProcess.Launch(program, storage.ConnectionString);
            await server.WaitForFirstResponseAsync(body, cancellationToken);
            return Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        }
    }

    /// <param name="CpuMilliseconds">Of the worker process; it depends less on the load of the machine.</param>
    private sealed record Start(double Milliseconds, double CpuMilliseconds)
    {
        public static Start Of(HostedApp app) =>
            new(Stopwatch.GetElapsedTime(app.StartedAt).TotalMilliseconds, app.CpuTime.TotalMilliseconds);
    }
}
