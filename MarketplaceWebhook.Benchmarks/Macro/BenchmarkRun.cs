namespace MarketplaceWebhook.Benchmarks.Macro;

/// <summary>The programs, options and storage of a run.</summary>
internal sealed class BenchmarkRun(MeasuredPrograms programs, MacroOptions options)
{
    public MeasuredPrograms Programs => programs;

    public MacroOptions Options => options;

    /// <summary>
    /// Measures everything once in each round, in alternating order, so that a slow phase of the machine affects all of it.
    /// </summary>
    /// <param name="factor">For short measurements: as many times the rounds of the options.</param>
    public async Task<IReadOnlyList<Dictionary<TKey, T>>> TakeTurnsAsync<TKey, T>(
        IReadOnlyList<TKey> keys, Func<TKey, Task<T>> measure, int factor = 1)
        where TKey : notnull
    {
        var rounds = new List<Dictionary<TKey, T>>();
        for (var round = 0; round < options.Rounds * factor; round++)
        {
            var results = new Dictionary<TKey, T>();
            foreach (var key in round % 2 == 0 ? keys : keys.Reverse())
            {
                results[key] = await measure(key);
            }

            rounds.Add(results);
        }

        return rounds;
    }
}

/// <param name="Rounds">A stable median needs at least 5.</param>
/// <param name="Scale">1 measures as the documentation describes; less is faster, and less exact.</param>
/// <param name="Build">If false, the programs of the last build are measured.</param>
internal sealed record MacroOptions(int Rounds, double Scale, bool Build, Action<string> Report)
{
    public int Scaled(int count) => Math.Max(1, (int)(count * Scale));
}
