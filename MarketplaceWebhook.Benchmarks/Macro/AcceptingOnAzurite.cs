namespace MarketplaceWebhook.Benchmarks.Macro;

/// <summary>Notifications per second under the Functions host, from the request to the 202. Messages are not projected.</summary>
internal static class AcceptingOnAzurite
{
    public const string Section = "Accepting, Azurite";

    public static async Task<IReadOnlyList<Figure>> MeasureAsync(BenchmarkRun bench, CancellationToken cancellationToken)
    {
        var (isolated, bare, native) = (bench.Programs.Isolated, bench.Programs.BareIsolated, bench.Programs.Native);
        var body = Bodies.Documented("installed");
        await using var azurite = await EmulatedStorage.StartAsync(bench.Options.Report, cancellationToken);
        await using var apps = await HostedApps.StartAsync(
            bench.Programs.Hosted, async _ =>
                await azurite.NewAccountAsync(cancellationToken), HostedApp.WithoutProjection, cancellationToken);
        foreach (var program in bench.Programs.Hosted)
        {
            bench.Options.Report($"{Section}: warming up the {program} ...");
            await Load.CallsAsync(bench.Options.Scaled(1_500), 32, _ => apps[program].PostAsync(body, cancellationToken));
        }

        var figures = new List<Figure>();
        foreach (var callers in (int[])[1, 8, 32])
        {
            bench.Options.Report($"{Section}: {callers} callers ...");
            var duration = TimeSpan.FromSeconds(1.5 * bench.Options.Scale);
            var rounds = await bench.TakeTurnsAsync(
                bench.Programs.Hosted,
                program => Load.ForAsync(duration, callers, _ => apps[program].PostAsync(body, cancellationToken)));
            var name = callers == 1 ? "1 caller" : $"{callers} callers";
            figures.Add(Figure.Of(Section, $"isolated: accepted, {name}", "1/s", rounds, isolated, bare, r => r.PerSecond) with
            {
                Target = callers == 32 ? Target.AtLeast(0.97) : null,
            });
            figures.Add(Figure.Of(Section, $"isolated: p50, {name}", "ms", rounds, isolated, bare, r => r.P50));
            figures.Add(Figure.Of(Section, $"isolated: p99, {name}", "ms", rounds, isolated, bare, r => r.P99));
            figures.Add(Figure.Of(Section, $"native: accepted, {name}", "1/s", rounds, native, isolated, r => r.PerSecond) with
            {
                Target = callers == 32 ? Target.AtLeast(1.5) : null,
            });
        }

        return figures;
    }
}
