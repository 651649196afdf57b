using MarketplaceWebhook.LocalHost;
using MarketplaceWebhook.LocalHost.Storage;

namespace MarketplaceWebhook.Cli.Dashboard;

/// <summary>Chart.js from npm, installed like Azurite, in the background.</summary>
public static class ChartLibrary
{
    /// <returns>The path of the file; null if it cannot be installed, for example without Node. The page works without
    /// charts.</returns>
    public static async Task<string?> FindAsync(Action<string> report, CancellationToken cancellationToken)
    {
        try
        {
            return FileIn(await NpmPackages.EnsureInstalledAsync(report, cancellationToken));
        }
        catch (LocalHostException exception)
        {
            report($"The dashboard has no charts: {exception.Message}");
            return null;
        }
    }

    /// <returns>The path of the file; null if it is not installed.</returns>
    public static string? FindInstalled() => NpmPackages.FindInstalled() is { } modules ? FileIn(modules) : null;

    private static string FileIn(string modules) => Path.Combine(modules, "chart.js", "dist", "chart.umd.min.js");
}
