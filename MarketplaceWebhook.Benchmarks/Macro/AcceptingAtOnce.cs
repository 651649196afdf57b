namespace MarketplaceWebhook.Benchmarks.Macro;

/// <summary>What accepting costs the program itself: the storage stand-in answers at once, and only the program's own CPU time counts.</summary>
internal static class AcceptingAtOnce
{
    public const string Section = "Accepting, storage answers at once";
    private const int Callers = 8;

    public static async Task<IReadOnlyList<Figure>> MeasureAsync(Workbench bench, CancellationToken cancellationToken)
    {
        var body = Bodies.Documented("installed");
        var storage = bench.StandIn.ConnectionString;
        var telemetry = new Dictionary<string, string>
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = bench.StandIn.Address.ToString(),
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
        };
        await using var app = await ServerProcess.StartAsync(bench.Programs.Native, storage, cancellationToken);
        await using var jit = await ServerProcess.StartAsync(bench.Programs.Jit, storage, cancellationToken);
        await using var bare = await ServerProcess.StartAsync(bench.Programs.Bare, storage, cancellationToken);
        await using var peer = await ServerProcess.StartAsync(bench.Programs.Peer, storage, cancellationToken);
        await using var traced = await ServerProcess.StartAsync(bench.Programs.Native, storage, cancellationToken, telemetry);
        ServerProcess[] all = [app, jit, bare, peer, traced];
        foreach (var server in all)
        {
            bench.Options.Report($"{Section}: warming up ...");
            await Load.CallsAsync(bench.Options.Scaled(3_000), Callers, _ => server.PostAsync(HostInvocation.ReceivePath, body, cancellationToken));
        }

        bench.Options.Report($"{Section} ...");
        var rounds = new List<Dictionary<ServerProcess, Cost>>();
        for (var round = 0; round < bench.Options.Rounds; round++)
        {
            var costs = new Dictionary<ServerProcess, Cost>();
            foreach (var server in round % 2 == 0 ? all : all.Reverse())
            {
                costs[server] = await MeasureAsync(server);
            }

            rounds.Add(costs);
        }

        const string Cpu = "CPU per notification";
        const string PerSecond = "accepted, 8 callers";
        return
        [
            Pair(app, bare, Cpu, "µs", "bare minimal-API app", c => c.CpuMicroseconds) with { Target = Target.AtMost(25, Compared.Difference) },
            Pair(app, bare, PerSecond, "1/s", "bare minimal-API app", c => c.PerSecond),
            Pair(app, peer, Cpu, "µs", "peer (Express)", c => c.CpuMicroseconds) with { Target = Target.AtMost(0.5) },
            Pair(app, peer, PerSecond, "1/s", "peer (Express)", c => c.PerSecond),
            Pair(jit, app, $"{Cpu}, JIT build", "µs", "native build", c => c.CpuMicroseconds),
            Pair(traced, app, $"{Cpu}, OTLP exporter on", "µs", "exporters off", c => c.CpuMicroseconds) with
            {
                Remark = bench.StandIn.Exports == 0 ? "Nothing was exported." : null,
            },
        ];

        async Task<Cost> MeasureAsync(ServerProcess server)
        {
            var before = server.CpuTime;
            var load = await Load.CallsAsync(
                bench.Options.Scaled(4_000), Callers, _ => server.PostAsync(HostInvocation.ReceivePath, body, cancellationToken));
            return new Cost((server.CpuTime - before).TotalMicroseconds / load.Calls, load.PerSecond);
        }

        Figure Pair(ServerProcess value, ServerProcess baseline, string name, string unit, string than, Func<Cost, double> read) =>
            Figure.Of(Section, name, unit, than, [.. rounds.Select(r => (r[value], r[baseline]))], read);
    }

    private sealed record Cost(double CpuMicroseconds, double PerSecond);
}
