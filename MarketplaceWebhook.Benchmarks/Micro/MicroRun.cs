using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Perfolizer.Horology;

namespace MarketplaceWebhook.Benchmarks.Micro;

/// <summary>
/// The micro-benchmarks, with short rounds: BenchmarkDotNet's defaults take half an hour, and give no more than the order of
/// magnitude either.
/// </summary>
internal static class MicroRun
{
    public const string Section = "Computing one notification";

    private const string Target = "1 KiB";

    // In this process: BenchmarkDotNet would build each benchmark without the properties of this repository.
    private static readonly Job ShortJob = Job.Default
        .WithToolchain(InProcessEmitToolchain.Instance)
        .WithWarmupCount(5)
        .WithIterationTime(TimeInterval.FromMilliseconds(50));

    /// <summary>BenchmarkDotNet's own command line.</summary>
    public static void Run(string[] args) =>
        BenchmarkSwitcher.FromTypes([typeof(MicroBenchmarks)]).Run(args, DefaultConfig.Instance.AddJob(ShortJob));

    public static IReadOnlyList<Figure> Run(int rounds)
    {
        var config = ManualConfig.CreateEmpty()
            .AddJob(ShortJob.WithIterationCount(rounds))
            .AddColumnProvider(DefaultColumnProviders.Instance)
            .AddLogger(NullLogger.Instance)
            .WithOption(ConfigOptions.DisableLogFile, true);
        var summary = BenchmarkRunner.Run<MicroBenchmarks>(config);
        return summary.HasCriticalValidationErrors || summary.Reports.Any(r => !r.Success)
            ? throw new InvalidOperationException("A micro-benchmark failed: run `micro` to see the reason.")
            : [.. summary.Reports.SelectMany(FiguresOf)];
    }

    private static bool IsTarget(BenchmarkCase benchmark) =>
        benchmark.Descriptor.WorkloadMethod.Name == nameof(MicroBenchmarks.Receive) && BodyOf(benchmark) == Target;

    private static string BodyOf(BenchmarkCase benchmark) => (string)benchmark.Parameters[nameof(MicroBenchmarks.Body)];

    private static IEnumerable<Figure> FiguresOf(BenchmarkReport report)
    {
        var benchmark = report.BenchmarkCase;
        var name = $"{benchmark.Descriptor.WorkloadMethodDisplayInfo}, {BodyOf(benchmark)}";
        yield return new Figure
        {
            Section = Section,
            Name = name,
            Unit = "µs",
            Value = report.ResultStatistics!.Median / 1000,
            Target = IsTarget(benchmark) ? Benchmarks.Target.AtMost(5, Compared.Value) : null,
        };
        yield return new Figure
        {
            Section = Section,
            Name = $"{name}, allocated",
            Unit = "B",
            Value = report.GcStats.GetBytesAllocatedPerOperation(benchmark) ?? 0,
            Target = IsTarget(benchmark) ? Benchmarks.Target.AtMost(4096, Compared.Value) : null,
        };
    }
}
