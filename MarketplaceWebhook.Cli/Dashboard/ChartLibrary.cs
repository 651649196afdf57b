using MarketplaceWebhook.Cli.LocalHost.Storage;

namespace MarketplaceWebhook.Cli.Dashboard;

/// <summary>Chart.js from npm, installed like Azurite, beside the start.</summary>
public static class ChartLibrary
{
    /// <returns>The path of its file; null where it cannot be installed, as without Node: the page works without charts.</returns>
    public static async Task<string?> FindAsync(Action<string> report, CancellationToken cancellationToken)
    {
        try
        {
            var modules = await NpmPackages.EnsureInstalledAsync(report, cancellationToken);
            return Path.Combine(modules, "chart.js", "dist", "chart.umd.min.js");
        }
        catch (UserErrorException exception)
        {
            report($"The page has no charts: {exception.Message}");
            return null;
        }
    }
}
