using MarketplaceWebhook.Cli.LocalHost.Storage;

namespace MarketplaceWebhook.Benchmarks.Macro;

/// <summary>What every measurement works with.</summary>
internal sealed class Workbench : IAsyncDisposable
{
    private readonly Azurite azurite;
    private readonly AzuriteAccount[] accounts;
    private int taken;

    private Workbench(Azurite azurite, AzuriteAccount[] accounts, StorageStandIn standIn, ServerPrograms programs, MacroOptions options) =>
        (this.azurite, this.accounts, StandIn, Programs, Options) = (azurite, accounts, standIn, programs, options);

    public ServerPrograms Programs { get; }

    public StorageStandIn StandIn { get; }

    public MacroOptions Options { get; }

    public static async Task<Workbench> PrepareAsync(MacroOptions options, CancellationToken cancellationToken)
    {
        var programs = await ServerPrograms.PrepareAsync(options, cancellationToken);
        AzuriteAccount[] accounts =
            [.. Enumerable.Range(0, 100).Select(n => new AzuriteAccount($"bench{n:D3}", Convert.ToBase64String(Guid.NewGuid().ToByteArray())))];
        var azurite = await Azurite.StartAsync(
            new AzuriteOptions { BlobPort = 0, QueuePort = 0, TablePort = 0, Accounts = accounts, Report = options.Report }, cancellationToken);
        return new Workbench(azurite, accounts, await StorageStandIn.StartAsync(cancellationToken), programs, options);
    }

    /// <summary>An account of the storage emulator that nothing was written to yet.</summary>
    public string NewAccount() => azurite.ConnectionString(accounts[taken++]);

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

    public async ValueTask DisposeAsync()
    {
        await StandIn.DisposeAsync();
        await azurite.DisposeAsync();
    }
}

/// <param name="Rounds">At least 5 make a median that holds.</param>
/// <param name="Scale">1 measures as the documentation says; less is quicker, and less exact.</param>
/// <param name="Build">False: what was built last is measured.</param>
internal sealed record MacroOptions(int Rounds, double Scale, bool Build, Action<string> Report)
{
    public int Scaled(int count) => Math.Max(1, (int)(count * Scale));
}
