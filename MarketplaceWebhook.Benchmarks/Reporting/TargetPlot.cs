using ScottPlot;

namespace MarketplaceWebhook.Benchmarks.Reporting;

/// <summary>A bar for each target: the share of the limit that is used. A target is missed beyond the line at 1.</summary>
internal static class TargetPlot
{
    private const int Width = 1000;
    private const int RowHeight = 34;
    private const float LabelWidth = 520;

    public static void Write(Results results, string path)
    {
        List<Figure> figures = [.. results.Figures.Where(f => f.Target is not null).Reverse()];
        var plot = new Plot();
        var bars = figures.Select((figure, row) => new Bar
        {
            Position = row,
            Value = figure.Target!.ShareUsed(figure),
            Orientation = Orientation.Horizontal,
            FillColor = figure.Met == true ? Colors.SeaGreen : Colors.IndianRed,
            LineWidth = 0,
            Label = $"{Texts.Measured(figure)} ({Texts.Target(figure)})",
        });
        var plotted = plot.Add.Bars(bars.ToArray());
        plotted.Horizontal = true;
        plot.Add.VerticalLine(1, 2, Colors.Black, LinePattern.Dashed);
        plot.Axes.Left.SetTicks([.. figures.Select((_, row) => (double)row)], [.. figures.Select(LabelOf)]);
        plot.Axes.Left.MinimumSize = LabelWidth;
        plot.Axes.Left.MajorTickStyle.Length = 0;
        plot.Axes.Bottom.Label.Text = "share of the limit that is used";
        plot.Axes.SetLimitsX(0, Math.Max(2, figures.Select(f => f.Target!.ShareUsed(f)).DefaultIfEmpty(0).Max() * 2));
        plot.HideGrid();
        plot.SaveSvg(path, Width, (RowHeight * figures.Count) + 70);
    }

    private static string LabelOf(Figure figure)
    {
        const int Longest = 78;
        var name = Texts.Name(figure);
        return name.Length <= Longest ? name : $"{name[..(Longest - 1)]}…";
    }
}
