using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace MarketplaceWebhook.LocalHost.App;

/// <summary>
/// The section logging.logLevel of host.json: the lowest level that is printed of a category and of those below it, or of all
/// others (<c>default</c>).
/// </summary>
public sealed class LogLevelSettings(IReadOnlyDictionary<string, LogLevel> levels)
{
    private const string Default = "default";

    /// <summary>Of the worker: without a setting from Information on.</summary>
    public bool IsPrinted(string category, LogLevel level) => level >= (LowestOf(category) ?? LogLevel.Information);

    /// <summary>
    /// Of the host itself, in a category that is not one of its own: without a setting nothing, because its own filter leaves
    /// these categories out.
    /// </summary>
    public bool IsPrintedByHost(string category, LogLevel level) => LowestOf(category) is { } lowest && level >= lowest;

    public static LogLevelSettings Read(IConfiguration logLevel) => new(
        logLevel.GetChildren().ToDictionary(
            category => category.Key, category => category.Get<LogLevel>(), StringComparer.OrdinalIgnoreCase));

    private LogLevel? LowestOf(string category)
    {
        for (var name = category; name.Length > 0; name = name[..Math.Max(name.LastIndexOf('.'), 0)])
        {
            if (levels.TryGetValue(name, out var level))
            {
                return level;
            }
        }

        return levels.TryGetValue(Default, out var others) ? others : null;
    }
}
