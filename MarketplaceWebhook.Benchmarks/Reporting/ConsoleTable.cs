using Spectre.Console;

namespace MarketplaceWebhook.Benchmarks.Reporting;

internal static class ConsoleTable
{
    public static void Show(Results results)
    {
        var table = new Table().AddColumns("figure", "measured", "baseline", "ratio", "target", "met");
        foreach (var section in results.Figures.GroupBy(f => f.Section))
        {
            table.AddRow(new Markup($"[bold]{Markup.Escape(section.Key)}[/]"));
            foreach (var figure in section)
            {
                table.AddRow(
                    Markup.Escape(figure.Name),
                    Texts.Amount(figure.Value, figure.Unit),
                    figure.Baseline is null
                        ? "" : Markup.Escape($"{figure.Baseline}: {Texts.Amount(figure.BaselineValue!.Value, figure.Unit)}"),
                    Texts.Ratio(figure),
                    Texts.Target(figure),
                    figure.Met switch { true => "[green]yes[/]", false => "[red]no[/]", null => "" });
            }
        }

        AnsiConsole.Write(table);
    }
}
