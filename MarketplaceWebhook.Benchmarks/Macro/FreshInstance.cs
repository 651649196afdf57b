namespace MarketplaceWebhook.Benchmarks.Macro;

/// <summary>
/// An instance from the start of its process: a marketplace sends a notification now and then, and nearly every one reaches an
/// instance that has not compiled its hot paths yet. The storage stand-in responds immediately.
/// </summary>
internal static class FreshInstance
{
    public const string Section = "Fresh instance";

    private const int Callers = 32;
    private const int FirstMessages = 400;
    private const string Cpu = "CPU since the start";

    private static readonly TimeSpan FirstTime = TimeSpan.FromSeconds(15);

    public static async Task<IReadOnlyList<Figure>> MeasureAsync(BenchmarkRun bench, CancellationToken cancellationToken)
    {
        var (isolated, bare, native) = (bench.Programs.Isolated, bench.Programs.BareIsolated, bench.Programs.Native);
        var body = Bodies.Documented("installed");
        bench.Options.Report($"{Section} ...");
        var accepted = await bench.TakeTurnsAsync(bench.Programs.Hosted, AcceptAsync);
        var projected = await bench.TakeTurnsAsync(bench.Programs.Hosted, ProjectAsync);
        var acceptedName = $"{Cpu} per notification accepted in the first {FirstTime.TotalSeconds:0} s";
        var projectedName = $"{Cpu} per notification of the first {FirstMessages} projected";
        return
        [
            Figure.Of(Section, $"isolated: {acceptedName}", "µs", accepted, isolated, bare, c => c) with
            {
                Target = Target.AtMost(1.05),
            },
            Figure.Of(Section, $"native: {acceptedName}", "µs", accepted, native, isolated, c => c) with
            {
                Target = Target.AtMost(0.3),
            },
            Figure.Of(Section, $"isolated: {projectedName}", "µs", projected, isolated, bare, c => c) with
            {
                Target = Target.AtMost(1),
            },
            Figure.Of(Section, $"native: {projectedName}", "µs", projected, native, isolated, c => c) with
            {
                Target = Target.AtMost(0.3),
            },
        ];

        async Task<double> AcceptAsync(MeasuredProgram program)
        {
            await using var storage = await StorageStandIn.StartAsync(cancellationToken);
            await using var app = await HostedApp.StartAsync(
                program, storage.ConnectionString, HostedApp.WithoutProjection, cancellationToken);
            var load = await Load.ForAsync(
                FirstTime * bench.Options.Scale, Callers, _ => app.PostAsync(body, cancellationToken));
            return app.CpuTime.TotalMicroseconds / load.Calls;
        }

        async Task<double> ProjectAsync(MeasuredProgram program)
        {
            await using var storage = await StorageStandIn.StartAsync(cancellationToken);
            for (var n = 0; n < FirstMessages; n++)
            {
                storage.Enqueue(program.MessageText(n, Bodies.Installed(Guid.NewGuid())));
            }

            await using var app = await HostedApp.StartAsync(
                program, storage.ConnectionString, HostedApp.WithShortPolling, cancellationToken);
            await app.WaitForProjectionsAsync(FirstMessages, cancellationToken);
            return app.CpuTime.TotalMicroseconds / FirstMessages;
        }
    }
}
