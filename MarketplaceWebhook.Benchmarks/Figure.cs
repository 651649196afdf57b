using System.Text.Json.Serialization;

namespace MarketplaceWebhook.Benchmarks;

/// <summary>One measured figure: medians over the rounds, and the ratio to a baseline measured in the same rounds.</summary>
public sealed record Figure
{
    public required string Section { get; init; }

    public required string Name { get; init; }

    public required string Unit { get; init; }

    public required double Value { get; init; }

    /// <summary>The denominator of the ratio; null for a figure without one.</summary>
    public string? Baseline { get; init; }

    public double? BaselineValue { get; init; }

    /// <summary>The median of the rounds' ratios.</summary>
    public double? Ratio { get; init; }

    /// <summary>The lowest and the highest round.</summary>
    public double[]? RatioRange { get; init; }

    public Target? Target { get; init; }

    public string? Remark { get; init; }

    public bool? Met => Target?.IsMetBy(this);

    /// <summary>Compares two programs that were measured in the same rounds.</summary>
    /// <param name="baseline">Its text is the name of the baseline.</param>
    public static Figure Of<TKey, T>(
        string section, string name, string unit, IReadOnlyList<IReadOnlyDictionary<TKey, T>> results, TKey value, TKey baseline,
        Func<T, double> read)
        where TKey : notnull
    {
        var rounds = results.Select(r => (Value: read(r[value]), Baseline: read(r[baseline]))).ToList();
        double[] ratios = [.. rounds.Select(r => r.Value / r.Baseline).Order()];
        return new Figure
        {
            Section = section,
            Name = name,
            Unit = unit,
            Value = Statistics.Median(rounds.Select(r => r.Value)),
            Baseline = $"{baseline}",
            BaselineValue = Statistics.Median(rounds.Select(r => r.Baseline)),
            Ratio = Statistics.Median(ratios),
            RatioRange = [ratios[0], ratios[^1]],
        };
    }
}

/// <summary>The limit of a figure.</summary>
/// <param name="Of">What is compared with the limit.</param>
public sealed record Target(Compared Of, Bound Bound, double Limit)
{
    public static Target AtMost(double limit, Compared of = Compared.Ratio) => new(of, Bound.AtMost, limit);

    public static Target AtLeast(double limit, Compared of = Compared.Ratio) => new(of, Bound.AtLeast, limit);

    public bool IsMetBy(Figure figure) => ShareUsed(figure) <= 1;

    /// <summary>1 is the limit, less is better.</summary>
    public double ShareUsed(Figure figure) => Bound == Bound.AtMost ? ComparedOf(figure) / Limit : Limit / ComparedOf(figure);

    public double ComparedOf(Figure figure) => Of switch
    {
        Compared.Value => figure.Value,
        Compared.Ratio => figure.Ratio ?? throw new InvalidOperationException($"{figure.Name} has no baseline."),
        Compared.Difference =>
            figure.Value - figure.BaselineValue ?? throw new InvalidOperationException($"{figure.Name} has no baseline."),
        _ => throw new InvalidOperationException($"{Of} cannot be compared."),
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
