using System.Reflection;
using System.Text.Json;
using MarketplaceWebhook.Notifications;
using Microsoft.AspNetCore.Http;

namespace MarketplaceWebhook.Cli.Dashboard;

/// <summary>The page's files, embedded in this assembly, and the chart library that npm installed.</summary>
/// <param name="chartLibrary">The path of the library's file; null if it is not installed.</param>
internal sealed class StaticFiles(Task<string?> chartLibrary)
{
    private const string Prefix = "Dashboard/";

    private static readonly Assembly Resources = typeof(StaticFiles).Assembly;

    private static readonly Dictionary<string, string> ContentTypes = new(StringComparer.Ordinal)
    {
        [".html"] = "text/html; charset=utf-8",
        [".css"] = "text/css; charset=utf-8",
        [".js"] = "text/javascript; charset=utf-8",
        [".svg"] = "image/svg+xml",
    };

    public static IResult Index() => File("index.html");

    /// <summary>Looks up embedded resources only, so that no path can lead elsewhere.</summary>
    public static IResult File(string name) =>
        ContentTypes.TryGetValue(Path.GetExtension(name), out var contentType)
        && Resources.GetManifestResourceStream(Prefix + name) is { } file
            ? TypedResults.Stream(file, contentType)
            : TypedResults.NotFound();

    /// <summary>The known statuses: a module of the page.</summary>
    public static IResult Statuses() => TypedResults.Text(
        $"export const statuses = {JsonSerializer.Serialize(KnownStatus.All)};", ContentTypes[".js"]);

    /// <summary>An empty script while the library is not installed: the page then shows one line instead of a chart.</summary>
    public IResult ChartLibrary() =>
        chartLibrary is { IsCompletedSuccessfully: true, Result: { } path } && System.IO.File.Exists(path)
            ? TypedResults.PhysicalFile(path, ContentTypes[".js"])
            : TypedResults.Text("", ContentTypes[".js"]);
}
