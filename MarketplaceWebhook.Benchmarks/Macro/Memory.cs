namespace MarketplaceWebhook.Benchmarks.Macro;

/// <summary>The peak memory of the worker process. Every program is measured once: a round would take about a minute.</summary>
internal static class Memory
{
    public const string Section = "Memory";

    public static async Task<IReadOnlyList<Figure>> MeasureAsync(BenchmarkRun bench, CancellationToken cancellationToken)
    {
        var notifications = bench.Options.Scaled(10_000);
        var body = Bodies.Documented("installed");
        var peaks = new Dictionary<MeasuredProgram, double>();
        foreach (var program in bench.Programs.Hosted)
        {
            bench.Options.Report($"{Section}: {program} ...");
            await using var storage = await StorageStandIn.StartAsync(cancellationToken);
            storage.StoresMessages = true;
            await using var app = await HostedApp.StartAsync(
                program, storage.ConnectionString, HostedApp.WithShortPolling, cancellationToken);
            await Load.CallsAsync(notifications, 32, _ => app.PostAsync(body, cancellationToken));
            await app.WaitForProjectionsAsync(notifications, cancellationToken);
            peaks[program] = app.PeakMemoryMiB;
        }

        var name = $"peak after {notifications:N0} notifications, accepted and projected";
        return
        [
            Figure.Of(
                Section, $"isolated: {name}", "MiB", [peaks], bench.Programs.Isolated, bench.Programs.BareIsolated, m => m) with
            {
                Target = Target.AtMost(1.05),
            },
            Figure.Of(Section, $"native: {name}", "MiB", [peaks], bench.Programs.Native, bench.Programs.Isolated, m => m) with
            {
                Target = Target.AtMost(0.25),
            },
        ];
    }
}
