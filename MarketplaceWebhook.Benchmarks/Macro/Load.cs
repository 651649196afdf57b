using System.Collections.Concurrent;
using System.Diagnostics;

namespace MarketplaceWebhook.Benchmarks.Macro;

/// <summary>Callers that each make one call after another.</summary>
internal static class Load
{
    public sealed record Result(int Calls, TimeSpan Elapsed, double[] Milliseconds)
    {
        public double PerSecond => Calls / Elapsed.TotalSeconds;

        public double P50 => Statistics.Median(Milliseconds);

        public double P99 => Statistics.Percentile(Milliseconds, 0.99);
    }

    public static Task<Result> ForAsync(TimeSpan duration, int callers, Func<int, Task> call)
    {
        var started = Stopwatch.GetTimestamp();
        return RunAsync(callers, _ => Stopwatch.GetElapsedTime(started) < duration, call);
    }

    public static Task<Result> CallsAsync(int calls, int callers, Func<int, Task> call) =>
        RunAsync(callers, number => number < calls, call);

    /// <param name="continues">Called before each call, with its number.</param>
    private static async Task<Result> RunAsync(int callers, Func<int, bool> continues, Func<int, Task> call)
    {
        var milliseconds = new ConcurrentBag<double>();
        var next = -1;
        var started = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Run(async () =>
        {
            int number;
            while (continues(number = Interlocked.Increment(ref next)))
            {
                var callStarted = Stopwatch.GetTimestamp();
                await call(number);
                milliseconds.Add(Stopwatch.GetElapsedTime(callStarted).TotalMilliseconds);
            }
        })));
        return new Result(milliseconds.Count, Stopwatch.GetElapsedTime(started), [.. milliseconds]);
    }
}
