using System.Globalization;

namespace MarketplaceWebhook.Benchmarks.Reporting;

/// <summary>Figures as text.</summary>
internal static class Texts
{
    public static string Amount(double value, string unit) => $"{Number(value)} {unit}".TrimEnd();

    public static string Number(double value) => Math.Abs(value) switch
    {
        >= 100 => value.ToString("N0", CultureInfo.InvariantCulture),
        >= 10 => value.ToString("0.#", CultureInfo.InvariantCulture),
        >= 0.1 => value.ToString("0.##", CultureInfo.InvariantCulture),
        _ => value.ToString("0.####", CultureInfo.InvariantCulture),
    };

    public static string Ratio(Figure figure) => figure is { Ratio: { } ratio, RatioRange: [var low, var high] }
        ? $"{Number(ratio)} ({Number(low)} to {Number(high)})"
        : "";

    public static string Target(Figure figure) => figure.Target is not { } target ? "" : string.Concat(
        target.Bound == Bound.AtMost ? "at most " : "at least ",
        target.Of == Compared.Ratio ? Number(target.Limit) : Amount(target.Limit, figure.Unit),
        target.Of == Compared.Difference ? " more" : "");

    public static string Measured(Figure figure) => figure.Target is not { } target ? "" : target.Of switch
    {
        Compared.Ratio => Number(target.ComparedOf(figure)),
        Compared.Difference => $"{Amount(target.ComparedOf(figure), figure.Unit)} more",
        _ => Amount(target.ComparedOf(figure), figure.Unit),
    };

    /// <summary>The name of the figure, with its baseline.</summary>
    public static string Name(Figure figure) => figure.Baseline is null ? figure.Name : $"{figure.Name} ÷ {figure.Baseline}";
}
