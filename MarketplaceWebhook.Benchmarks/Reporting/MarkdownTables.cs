using System.Globalization;
using System.Text;

namespace MarketplaceWebhook.Benchmarks.Reporting;

internal static class MarkdownTables
{
    public static string Write(Results results)
    {
        var text = new StringBuilder();
        var machine = results.Machine;
        text.AppendLine(CultureInfo.InvariantCulture,
            $"Measured on {machine.Date}: {machine.Processor}, {machine.Processors} processors, {machine.MemoryGiB} GiB, {machine.System}, {machine.Runtime}. Medians of {results.Rounds} rounds; in parentheses the lowest and the highest round.");
        text.AppendLine().AppendLine("### Targets").AppendLine();
        text.AppendLine("| figure | target | measured | met |").AppendLine("|---|---|---|---|");
        foreach (var figure in results.Figures.Where(f => f.Target is not null))
        {
            text.AppendLine(CultureInfo.InvariantCulture,
                $"| {figure.Section}: {Texts.Name(figure)} | {Texts.Target(figure)} | {Texts.Measured(figure)} | {(figure.Met == true ? "yes" : "**no**")} |");
        }

        text.AppendLine().AppendLine("![The share of each limit that is used](performance.svg)");
        foreach (var section in results.Figures.GroupBy(f => f.Section))
        {
            text.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"### {section.Key}").AppendLine();
            var (head, rows) = section.Key == Micro.MicroRun.Section ? MicroTable.Of([.. section]) : Compared([.. section]);
            text.AppendLine(CultureInfo.InvariantCulture, $"| {string.Join(" | ", head)} |");
            text.AppendLine(CultureInfo.InvariantCulture, $"|{string.Concat(Enumerable.Repeat("---|", head.Count))}");
            foreach (var row in rows)
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"| {string.Join(" | ", row)} |");
            }
        }

        return text.ToString().ReplaceLineEndings("\n").TrimEnd();
    }

    private static (
        IReadOnlyList<string> Head, IEnumerable<IReadOnlyList<string>> Rows) Compared(IReadOnlyList<Figure> figures) => (
        ["figure", "measured", "baseline", "ratio"],
        figures.Select(f => (IReadOnlyList<string>)
        [
            f.Remark is null ? f.Name : $"{f.Name}. {f.Remark}",
            Texts.Amount(f.Value, f.Unit),
            f.Baseline is null ? "" : $"{f.Baseline}: {Texts.Amount(f.BaselineValue!.Value, f.Unit)}",
            Texts.Ratio(f),
        ]));
}
