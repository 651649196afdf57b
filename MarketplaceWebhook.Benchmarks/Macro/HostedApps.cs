namespace MarketplaceWebhook.Benchmarks.Macro;

/// <summary>Apps that run at the same time and are measured by turns.</summary>
internal sealed class HostedApps : IAsyncDisposable
{
    private readonly Dictionary<MeasuredProgram, HostedApp> _apps = [];

    public HostedApp this[MeasuredProgram program] => _apps[program];

    /// <param name="storage">Returns the storage connection of a program.</param>
    public static async Task<HostedApps> StartAsync(
        IEnumerable<MeasuredProgram> programs, Func<MeasuredProgram, Task<string>> storage,
        IReadOnlyDictionary<string, string?> settings,
        CancellationToken cancellationToken)
    {
        var apps = new HostedApps();
        try
        {
            foreach (var program in programs)
            {
                apps._apps[program] = await HostedApp.StartAsync(program, await storage(program), settings, cancellationToken);
            }

            return apps;
        }
        catch
        {
            await apps.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var app in _apps.Values)
        {
            await app.DisposeAsync();
        }
    }
}
