namespace MarketplaceWebhook.Benchmarks.Macro;

/// <summary>
/// What the warm program itself costs: the storage stand-in responds immediately, and only the program's own CPU time counts.
/// </summary>
internal static class AcceptingOnStandIn
{
    public const string Section = "Accepting, storage stand-in";
    private const int Callers = 8;
    private const string Cpu = "CPU per notification";

    // Until the runtime has compiled the hot paths for the last time.
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(20);

    private sealed record Cost(double CpuMicroseconds, double PerSecond);

    /// <summary>Under the Functions host.</summary>
    public static async Task<IReadOnlyList<Figure>> MeasureHostedAsync(BenchmarkRun bench, CancellationToken cancellationToken)
    {
        var (isolated, bare, native) = (bench.Programs.Isolated, bench.Programs.BareIsolated, bench.Programs.Native);
        var exporting = isolated with { Name = "isolated worker with OTLP exporter" };
        var body = Bodies.Documented("installed");
        await using var storage = await StorageStandIn.StartAsync(cancellationToken);
        await using var apps = await HostedApps.StartAsync(
            bench.Programs.Hosted, _ =>
                Task.FromResult(storage.ConnectionString), HostedApp.WithoutProjection, cancellationToken);
        await using var exportingApp = await HostedApp.StartAsync(
            exporting, storage.ConnectionString,
            new Dictionary<string, string?>(HostedApp.WithoutProjection.Concat(storage.TelemetrySettings)), cancellationToken);
        IReadOnlyList<MeasuredProgram> programs = [.. bench.Programs.Hosted, exporting];

        foreach (var program in programs)
        {
            bench.Options.Report($"{Section}: warming up the {program} ...");
            await Load.ForAsync(WarmUp * bench.Options.Scale, Callers, _ => AppOf(program).PostAsync(body, cancellationToken));
        }

        bench.Options.Report($"{Section} ...");
        var rounds = await bench.TakeTurnsAsync(programs, async program =>
        {
            var app = AppOf(program);
            var before = app.CpuTime;
            var load = await Load.CallsAsync(bench.Options.Scaled(2_000), Callers, _ => app.PostAsync(body, cancellationToken));
            return new Cost((app.CpuTime - before).TotalMicroseconds / load.Calls, load.PerSecond);
        });
        return
        [
            Figure.Of(Section, $"isolated: {Cpu}", "µs", rounds, isolated, bare, c => c.CpuMicroseconds) with
            {
                Target = Target.AtMost(1),
            },
            Figure.Of(Section, "isolated: accepted, 8 callers", "1/s", rounds, isolated, bare, c => c.PerSecond),
            Figure.Of(Section, $"isolated: {Cpu}, OTLP exporter on", "µs", rounds, exporting, isolated, c => c.CpuMicroseconds),
            Figure.Of(Section, $"native: {Cpu}", "µs", rounds, native, isolated, c =>
                c.CpuMicroseconds) with { Target = Target.AtMost(0.3) },
            Figure.Of(Section, "native: accepted, 8 callers", "1/s", rounds, native, isolated, c => c.PerSecond),
        ];

        HostedApp AppOf(MeasuredProgram program) => program == exporting ? exportingApp : apps[program];
    }

    /// <summary>The native handler and its baselines, called directly.</summary>
    public static async Task<IReadOnlyList<Figure>> MeasureDirectAsync(BenchmarkRun bench, CancellationToken cancellationToken)
    {
        var (native, bare, peer) = (bench.Programs.Native, bench.Programs.BareNative, bench.Programs.Peer);
        var body = Bodies.Documented("installed");
        await using var storage = await StorageStandIn.StartAsync(cancellationToken);
        await using var nativeServer = ServerProcess.Launch(native, storage.ConnectionString);
        await using var bareServer = ServerProcess.Launch(bare, storage.ConnectionString);
        await using var peerServer = ServerProcess.Launch(peer, storage.ConnectionString);
        var servers =
            new Dictionary<MeasuredProgram, ServerProcess> { [native] = nativeServer, [bare] = bareServer, [peer] = peerServer };
        foreach (var (program, server) in servers)
        {
            bench.Options.Report($"{Section}: warming up the {program} ...");
            await server.WaitForFirstResponseAsync(body, cancellationToken);
            await Load.CallsAsync(bench.Options.Scaled(3_000), Callers, _ => server.PostAsync(body, cancellationToken));
        }

        bench.Options.Report($"{Section}: called directly ...");
        var rounds = await bench.TakeTurnsAsync([.. servers.Keys], async program =>
        {
            var server = servers[program];
            var before = server.CpuTime;
            var load = await Load.CallsAsync(
                bench.Options.Scaled(4_000), Callers, _ => server.PostAsync(body, cancellationToken));
            return new Cost((server.CpuTime - before).TotalMicroseconds / load.Calls, load.PerSecond);
        });
        return
        [
            Figure.Of(Section, $"native, called directly: {Cpu}", "µs", rounds, native, bare, c => c.CpuMicroseconds) with
            {
                Target = Target.AtMost(60, Compared.Difference),
            },
            Figure.Of(Section, "native, called directly: accepted, 8 callers", "1/s", rounds, native, bare, c => c.PerSecond),
            Figure.Of(Section, $"native, called directly: {Cpu}", "µs", rounds, native, peer, c => c.CpuMicroseconds) with
            {
                Target = Target.AtMost(0.33),
            },
            Figure.Of(Section, "native, called directly: accepted, 8 callers", "1/s", rounds, native, peer, c => c.PerSecond),
        ];
    }
}
