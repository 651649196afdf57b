using System.Text.Json.Serialization;

namespace MarketplaceWebhook.Benchmarks;

/// <summary>One measured figure: medians over the rounds, and the ratio to a baseline measured in the same rounds.</summary>
public sealed record Figure
{
    public required string Section { get; init; }

    public required string Name { get; init; }

    public required string Unit { get; init; }

    public required double Value { get; init; }

    /// <summary>What the ratio is to; null for a figure that stands alone.</summary>
    public string? Baseline { get; init; }

    public double? BaselineValue { get; init; }

    /// <summary>The median of each round's own ratio: what slows the machine down slows both.</summary>
    public double? Ratio { get; init; }

    /// <summary>The lowest and the highest round.</summary>
    public double[]? RatioRange { get; init; }

    public Target? Target { get; init; }

    public string? Remark { get; init; }

    public bool? Met => Target?.IsMetBy(this);

    /// <summary>A figure and its baseline, a pair a round.</summary>
    public static Figure Of<T>(
        string section, string name, string unit, string baseline, IReadOnlyList<(T Value, T Baseline)> results, Func<T, double> read)
    {
        var rounds = results.Select(r => (Value: read(r.Value), Baseline: read(r.Baseline))).ToList();
        double[] ratios = [.. rounds.Select(r => r.Value / r.Baseline).Order()];
        return new Figure
        {
            Section = section,
            Name = name,
            Unit = unit,
            Value = Statistics.Median(rounds.Select(r => r.Value)),
            Baseline = baseline,
            BaselineValue = Statistics.Median(rounds.Select(r => r.Baseline)),
            Ratio = Statistics.Median(ratios),
            RatioRange = [ratios[0], ratios[^1]],
        };
    }
}

/// <summary>What a figure is to keep.</summary>
/// <param name="Of">What is compared with the limit.</param>
public sealed record Target(Compared Of, Bound Bound, double Limit)
{
    public static Target AtMost(double limit, Compared of = Compared.Ratio) => new(of, Bound.AtMost, limit);

    public static Target AtLeast(double limit, Compared of = Compared.Ratio) => new(of, Bound.AtLeast, limit);

    public bool IsMetBy(Figure figure) => ShareUsed(figure) <= 1;

    /// <summary>1 is the limit itself, less is better.</summary>
    public double ShareUsed(Figure figure) => Bound == Bound.AtMost ? ComparedOf(figure) / Limit : Limit / ComparedOf(figure);

    public double ComparedOf(Figure figure) => Of switch
    {
        Compared.Value => figure.Value,
        Compared.Ratio => figure.Ratio ?? throw new InvalidOperationException($"{figure.Name} has no baseline."),
        Compared.Difference => figure.Value - figure.BaselineValue ?? throw new InvalidOperationException($"{figure.Name} has no baseline."),
        _ => throw new InvalidOperationException($"Nothing is compared by {Of}."),
    };
}

[JsonConverter(typeof(JsonStringEnumConverter<Compared>))]
public enum Compared
{
    Value,
    Ratio,
    Difference,
}

[JsonConverter(typeof(JsonStringEnumConverter<Bound>))]
public enum Bound
{
    AtMost,
    AtLeast,
}
