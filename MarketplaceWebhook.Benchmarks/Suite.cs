using MarketplaceWebhook.Benchmarks.Macro;
using MarketplaceWebhook.Benchmarks.Micro;
using MarketplaceWebhook.Benchmarks.Reporting;
using MarketplaceWebhook.LocalHost;
using MarketplaceWebhook.LocalHost.Storage;

namespace MarketplaceWebhook.Benchmarks;

/// <param name="Output">If null, the folder docs of this clone.</param>
/// <param name="Only">If empty, all sections.</param>
internal sealed record SuiteOptions(int Rounds, double Scale, bool Build, string? Output, IReadOnlyList<string> Only);

/// <summary>All sections, in the order of docs/performance.md.</summary>
internal static class Suite
{
    private const string ComputeName = "compute";

    private static readonly (
        string Name, Func<BenchmarkRun, CancellationToken, Task<IReadOnlyList<Figure>>> MeasureAsync)[] Sections =
    [
        ("fresh", FreshInstance.MeasureAsync),
        ("azurite", AcceptingOnAzurite.MeasureAsync),
        ("cost", AcceptingOnStandIn.MeasureHostedAsync),
        ("direct-cost", AcceptingOnStandIn.MeasureDirectAsync),
        ("projecting", ProjectingMessages.MeasureRateAsync),
        ("projecting-cost", ProjectingMessages.MeasureCpuAsync),
        ("calls", StorageCalls.MeasureAsync),
        ("telemetry", TelemetryExports.MeasureAsync),
        ("start", ColdStart.MeasureHostedAsync),
        ("direct-start", ColdStart.MeasureDirectAsync),
        ("memory", Memory.MeasureAsync),
        ("growth", Growth.MeasureAsync),
        ("lookup", AccountLookups.MeasureAsync),
        ("contention", Contention.MeasureAsync),
    ];

    public static IEnumerable<string> Names => Sections.Select(s => s.Name).Append(ComputeName);

    public static async Task<int> RunAsync(SuiteOptions options, CancellationToken cancellationToken)
    {
        static void Report(string line) => Console.Error.WriteLine($"{DateTime.Now:HH:mm:ss} {line}");
        bool IsWanted(string name) => options.Only.Count == 0 || options.Only.Contains(name);

        var figures = new List<Figure>();
        if (Sections.Any(s => IsWanted(s.Name)))
        {
            var macro = new MacroOptions(options.Rounds, options.Scale, options.Build, Report);
            var bench = new BenchmarkRun(await MeasuredPrograms.PrepareAsync(macro, cancellationToken), macro);
            foreach (var (_, measureAsync) in Sections.Where(s => IsWanted(s.Name)))
            {
                var measured = await MeasureAsync(measureAsync, bench, cancellationToken);
                figures.AddRange(measured);
                foreach (var figure in measured)
                {
                    Report($"  {Texts.Name(figure)}: {Texts.Amount(figure.Value, figure.Unit)}  {Texts.Ratio(figure)}");
                }
            }
        }

        if (IsWanted(ComputeName))
        {
            Report("Computing one notification ...");
            figures.AddRange(MicroRun.Run(options.Rounds));
        }

        var results = new Results(Machine.Current(), options.Rounds, figures);
        ConsoleTable.Show(results);
        var directory = options.Output ?? (options.Only.Count == 0 ? Path.Combine(RepositoryRoot.Find()!, "docs") : null);
        if (directory is not null)
        {
            await ResultFiles.WriteAsync(results, directory, cancellationToken);
            Report($"Written to {directory}.");
        }

        return 0;
    }

    /// <summary>Measures a section once more if it fails: on a loaded machine a worker may exceed its own time limits.</summary>
    private static async Task<IReadOnlyList<Figure>> MeasureAsync(
        Func<BenchmarkRun, CancellationToken, Task<IReadOnlyList<Figure>>> measureAsync, BenchmarkRun bench,
        CancellationToken cancellationToken)
    {
        try
        {
            return await measureAsync(bench, cancellationToken);
        }
        catch (Exception e) when (e is HttpRequestException or InvalidOperationException or LocalHostException)
        {
            bench.Options.Report($"The section failed and is measured once more: {e.Message}");
            return await measureAsync(bench, cancellationToken);
        }
    }
}
