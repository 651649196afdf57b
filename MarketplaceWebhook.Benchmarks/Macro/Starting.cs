using System.Diagnostics;

namespace MarketplaceWebhook.Benchmarks.Macro;

/// <summary>From the start of the process to its first answer, on the storage stand-in; and the memory it needed at most.</summary>
internal static class Starting
{
    public const string Section = "Cold start";
    public const string MemorySection = "Memory";

    public static async Task<IReadOnlyList<Figure>> MeasureAsync(Workbench bench, CancellationToken cancellationToken)
    {
        var body = Bodies.Documented("installed");
        var invocation = HostInvocation.Write(Messaging.Text(1, body));
        var (native, jit, bare) = (bench.Programs.Native, bench.Programs.Jit, bench.Programs.Bare);

        bench.Options.Report($"{Section} ...");
        await FirstAsync(native, HostInvocation.ReceivePath, body);
        await FirstAsync(jit, HostInvocation.ReceivePath, body);
        await FirstAsync(bare, HostInvocation.ReceivePath, body);
        var toJit = await bench.AlternateAsync(() => FirstAsync(native, HostInvocation.ReceivePath, body), () => FirstAsync(jit, HostInvocation.ReceivePath, body));
        var toBare = await bench.AlternateAsync(() => FirstAsync(native, HostInvocation.ReceivePath, body), () => FirstAsync(bare, HostInvocation.ReceivePath, body));
        var toRow = await bench.AlternateAsync(() => FirstAsync(native, HostInvocation.ProjectPath, invocation), () => FirstAsync(jit, HostInvocation.ProjectPath, invocation));
        return
        [
            Figure.Of(Section, "to the first 202, native", "ms", "JIT build", toJit, t => t) with { Target = Target.AtMost(0.2) },
            Figure.Of(Section, "to the first 202, native", "ms", "bare native minimal-API app", toBare, t => t) with { Target = Target.AtMost(1.3) },
            Figure.Of(Section, "to the first projected row, native", "ms", "JIT build", toRow, t => t),
            await PeakMemoryAsync(bench, cancellationToken),
        ];

        async Task<double> FirstAsync(ServerProgram program, string path, byte[] content)
        {
            // The median of three: a process start is short, and the scheduler's mood is not.
            var times = new List<double>();
            for (var n = 0; n < 3; n++)
            {
                var started = Stopwatch.GetTimestamp();
                await using var server = ServerProcess.Launch(program, bench.StandIn.ConnectionString);
                await server.UntilAcceptedAsync(path, content, cancellationToken);
                times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            }

            return Statistics.Median(times);
        }
    }

    private static async Task<Figure> PeakMemoryAsync(Workbench bench, CancellationToken cancellationToken)
    {
        bench.Options.Report($"{MemorySection} ...");
        var notifications = bench.Options.Scaled(10_000);
        var body = Bodies.Documented("installed");
        var invocation = HostInvocation.Write(Messaging.Text(1, body));
        await using var app = await ServerProcess.StartAsync(bench.Programs.Native, bench.StandIn.ConnectionString, cancellationToken);
        await Load.CallsAsync(notifications, 32, async _ =>
        {
            await app.PostAsync(HostInvocation.ReceivePath, body, cancellationToken);
            await app.PostAsync(HostInvocation.ProjectPath, invocation, cancellationToken);
        });
        return new Figure
        {
            Section = MemorySection,
            Name = $"peak after {notifications:N0} notifications, accepted and projected, native",
            Unit = "MiB",
            Value = app.PeakMemoryBytes / 1024.0 / 1024.0,
            Target = Target.AtMost(64, Compared.Value),
        };
    }
}
