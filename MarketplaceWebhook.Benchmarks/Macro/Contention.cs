using MarketplaceWebhook.Storage;

namespace MarketplaceWebhook.Benchmarks.Macro;

/// <summary>
/// Simulates in virtual time how often projections of the same package lose the race for its install row. A projection reads, and
/// commits if no other has committed since its read; otherwise it waits as <see cref="StorageRetry"/> does and tries again.
/// </summary>
internal static class Contention
{
    public const string Section = "Contention for one package, simulated";
    private const int Notifications = 10_000;

    // Assumed for a table in the same region.
    private const double RoundTripMilliseconds = 10;

    // One instance: batchSize of host.json, and the next batch when half of it is left.
    private const int MaxConcurrent = 24;

    private static readonly int[] Rates = [1, 10, 30, 100];

    private enum Step
    {
        Arrive,
        Read,
        Commit,
    }

    public static Task<IReadOnlyList<Figure>> MeasureAsync(BenchmarkRun bench, CancellationToken cancellationToken)
    {
        bench.Options.Report($"{Section} ...");
        return Task.FromResult<IReadOnlyList<Figure>>([.. Rates.SelectMany(Simulate)]);
    }

    private static IEnumerable<Figure> Simulate(int perSecond)
    {
        var random = new Random(1);
        var events = new PriorityQueue<(Step Step, int Notification), double>();
        var arrived = new double[Notifications];
        var attempts = new int[Notifications];
        var versionRead = new long[Notifications];
        var waiting = new Queue<int>();
        var delays = new List<double>();
        var (version, running, losses, now, last) = (0L, 0, 0, 0.0, 0.0);
        for (var n = 0; n < Notifications; n++)
        {
            // Exponential intervals.
            now += -Math.Log(1 - random.NextDouble()) * 1000 / perSecond;
            arrived[n] = now;
            events.Enqueue((Step.Arrive, n), now);
        }

        while (events.TryDequeue(out var next, out now))
        {
            var n = next.Notification;
            switch (next.Step)
            {
                case Step.Arrive:
                    waiting.Enqueue(n);
                    break;
                case Step.Read:
                    versionRead[n] = version;
                    events.Enqueue((Step.Commit, n), now + RoundTrip());
                    break;
                case Step.Commit when versionRead[n] == version:
                    version++;
                    running--;
                    last = now;
                    delays.Add(now - arrived[n]);
                    break;
                case Step.Commit:
                    losses++;
                    var delay = StorageRetry.RaceDelay(attempts[n]++, random.NextDouble());
                    events.Enqueue((Step.Read, n), now + delay.TotalMilliseconds + RoundTrip());
                    break;
            }

            while (running < MaxConcurrent && waiting.TryDequeue(out var started))
            {
                running++;
                events.Enqueue((Step.Read, started), now + RoundTrip());
            }
        }

        yield return Of("lost races per notification", "", losses / (double)Notifications);
        yield return Of("p99 from arrival to rows", "ms", Statistics.Percentile(delays, 0.99));
        yield return Of("projected", "1/s", Notifications / (last / 1000));

        // From half to one and a half times the mean.
        double RoundTrip() => RoundTripMilliseconds * (0.5 + random.NextDouble());

        Figure Of(string name, string unit, double value) =>
            new() { Section = Section, Name = $"{perSecond} notifications/s: {name}", Unit = unit, Value = value };
    }
}
