using System.Globalization;
using System.Runtime.InteropServices;

namespace MarketplaceWebhook.Benchmarks.Reporting;

/// <summary>The machine, and the date of the run.</summary>
public sealed record Machine(string Processor, int Processors, double MemoryGiB, string System, string Runtime, string Date)
{
    public static Machine Current() => new(
        ProcessorName(),
        Environment.ProcessorCount,
        Math.Round(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / Math.Pow(1024, 3), 1),
        $"{RuntimeInformation.OSDescription} ({RuntimeInformation.OSArchitecture})",
        RuntimeInformation.FrameworkDescription,
        DateTime.UtcNow.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));

    private static string ProcessorName()
    {
        const string Information = "/proc/cpuinfo";
        var line = File.Exists(Information)
            ? File.ReadLines(Information).FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal)) : null;
        return line?.Split(':', 2)[1].Trim() ?? Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER") ?? "unknown";
    }
}

/// <summary>The results of a run.</summary>
public sealed record Results(Machine Machine, int Rounds, IReadOnlyList<Figure> Figures);
