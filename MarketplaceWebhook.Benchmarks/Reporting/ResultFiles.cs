using System.Text.Json;
using System.Text.Json.Serialization;

namespace MarketplaceWebhook.Benchmarks.Reporting;

/// <summary>Writes the figures as JSON, as a plot, and as tables in docs/performance.md.</summary>
internal static class ResultFiles
{
    private const string Begin = "<!-- measured: begin -->";
    private const string End = "<!-- measured: end -->";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    /// <param name="directory">Receives performance.json, performance.svg and performance.md. The text around the tables is
    /// kept.</param>
    public static async Task WriteAsync(Results results, string directory, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(directory);
        await File.WriteAllTextAsync(
            Path.Combine(directory, "performance.json"), JsonSerializer.Serialize(results, Json) + "\n", cancellationToken);
        TargetPlot.Write(results, Path.Combine(directory, "performance.svg"));

        var path = Path.Combine(directory, "performance.md");
        var page = File.Exists(path)
            ? await File.ReadAllTextAsync(path, cancellationToken) : $"# Performance\n\n{Begin}\n{End}\n";
        var (begin, end) = (page.IndexOf(Begin, StringComparison.Ordinal), page.IndexOf(End, StringComparison.Ordinal));
        if (begin < 0 || end < begin)
        {
            throw new InvalidOperationException(
                $"{path} does not contain the lines {Begin} and {End}, between which the tables are written.");
        }

        await File.WriteAllTextAsync(
            path, $"{page[..(begin + Begin.Length)]}\n{MarkdownTables.Write(results)}\n{page[end..]}", cancellationToken);
    }
}
