using System.Reflection;
using Microsoft.AspNetCore.Http;

namespace MarketplaceWebhook.Cli.Dashboard;

/// <summary>The page as it lies in this assembly, and the chart library as npm installed it.</summary>
/// <param name="chartLibrary">The path of the library's file; null where it is not installed.</param>
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

    /// <summary>Names of resources only: nothing that a path could lead out of.</summary>
    public static IResult File(string name) =>
        ContentTypes.TryGetValue(Path.GetExtension(name), out var contentType)
        && Resources.GetManifestResourceStream(Prefix + name) is { } file
            ? TypedResults.Stream(file, contentType)
            : TypedResults.NotFound();

    /// <summary>An empty script where it is not there (yet): the page says so in one line, and all else works.</summary>
    public IResult ChartLibrary() =>
        chartLibrary is { IsCompletedSuccessfully: true, Result: { } path } && System.IO.File.Exists(path)
            ? TypedResults.PhysicalFile(path, ContentTypes[".js"])
            : TypedResults.Text("", ContentTypes[".js"]);
}
