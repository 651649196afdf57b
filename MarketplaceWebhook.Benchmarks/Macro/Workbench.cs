namespace MarketplaceWebhook.Benchmarks.Macro;

/// <summary>What every measurement works with.</summary>
internal sealed class Workbench : IAsyncDisposable
{
    private Workbench(StorageStandIn standIn, ServerPrograms programs, MacroOptions options) =>
        (StandIn, Programs, Options) = (standIn, programs, options);

    public ServerPrograms Programs { get; }

    public StorageStandIn StandIn { get; }

    public MacroOptions Options { get; }

    public static async Task<Workbench> PrepareAsync(MacroOptions options, CancellationToken cancellationToken)
    {
        var programs = await ServerPrograms.PrepareAsync(options, cancellationToken);
        return new Workbench(await StorageStandIn.StartAsync(cancellationToken), programs, options);
    }

    /// <summary>Each section has its own: Azurite keeps the messages of all its queues in one list, and looks through it for each.</summary>
    public Task<EmulatedStorage> StartAzuriteAsync(CancellationToken cancellationToken) =>
        EmulatedStorage.StartAsync(Options.Report, cancellationToken);

    /// <summary>The two sides by turns, so that what slows the machine for a while slows both.</summary>
    public async Task<List<(T Value, T Baseline)>> AlternateAsync<T>(Func<Task<T>> value, Func<Task<T>> baseline)
    {
        var rounds = new List<(T, T)>();
        for (var round = 0; round < Options.Rounds; round++)
        {
            if (round % 2 == 0)
            {
                var first = await value();
                rounds.Add((first, await baseline()));
            }
            else
            {
                var first = await baseline();
                rounds.Add((await value(), first));
            }
        }

        return rounds;
    }

    public ValueTask DisposeAsync() => StandIn.DisposeAsync();
}

/// <param name="Rounds">At least 5 make a median that holds.</param>
/// <param name="Scale">1 measures as the documentation says; less is quicker, and less exact.</param>
/// <param name="Build">False: what was built last is measured.</param>
internal sealed record MacroOptions(int Rounds, double Scale, bool Build, Action<string> Report)
{
    public int Scaled(int count) => Math.Max(1, (int)(count * Scale));
}
