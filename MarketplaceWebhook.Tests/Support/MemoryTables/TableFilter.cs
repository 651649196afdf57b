using System.Globalization;
using System.Text.RegularExpressions;
using Row = System.Collections.Generic.IReadOnlyDictionary<string, object>;

namespace MarketplaceWebhook.Tests.Support.MemoryTables;

/// <summary>
/// The OData filters that tables take: comparisons of a column with a literal of its own type, <c>and</c>, <c>or</c>, <c>not</c>,
/// parentheses. An absent column, or one of another type, compares false; text compares ordinally.
/// </summary>
internal sealed partial class TableFilter
{
    private readonly List<string> _tokens;
    private int _next;

    private TableFilter(string text)
    {
        _tokens = [.. Token().Matches(text).Select(match => match.Value)];
        if (string.Concat(_tokens) != Space().Replace(text, match => InText(text, match.Index) ? match.Value : ""))
        {
            throw new FormatException($"Not a filter that this table understands: {text}");
        }
    }

    public static Func<Row, bool> Parse(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return _ => true;
        }

        var filter = new TableFilter(text);
        var condition = filter.Or();
        return filter._next == filter._tokens.Count
            ? condition
            : throw new FormatException($"Unexpected '{filter._tokens[filter._next]}' in the filter: {text}");
    }

    [GeneratedRegex(@"(?:guid|datetime)?'(?:[^']|'')*'|[()]|-?\d+(?:\.\d+)?L?|\w+")]
    private static partial Regex Token();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();

    private static bool InText(string text, int index) => text.AsSpan(0, index).Count('\'') % 2 == 1;

    private string Take() => _next < _tokens.Count ? _tokens[_next++] : throw new FormatException("The filter ends too early.");

    private bool Took(string token)
    {
        if (_next >= _tokens.Count || _tokens[_next] != token)
        {
            return false;
        }

        _next++;
        return true;
    }

    private Func<Row, bool> Or()
    {
        var left = And();
        while (Took("or"))
        {
            left = Either(left, And());
        }

        return left;

        static Func<Row, bool> Either(Func<Row, bool> left, Func<Row, bool> right) => row => left(row) || right(row);
    }

    private Func<Row, bool> And()
    {
        var left = Condition();
        while (Took("and"))
        {
            left = Both(left, Condition());
        }

        return left;

        static Func<Row, bool> Both(Func<Row, bool> left, Func<Row, bool> right) => row => left(row) && right(row);
    }

    private Func<Row, bool> Condition()
    {
        if (Took("not"))
        {
            var inner = Condition();
            return row => !inner(row);
        }

        if (Took("("))
        {
            var inner = Or();
            return Took(")") ? inner : throw new FormatException("A parenthesis is not closed.");
        }

        var column = Take();
        Func<int, bool> holds = Take() switch
        {
            "eq" => order => order == 0,
            "ne" => order => order != 0,
            "gt" => order => order > 0,
            "ge" => order => order >= 0,
            "lt" => order => order < 0,
            "le" => order => order <= 0,
            var other => throw new FormatException($"'{other}' is no comparison."),
        };
        var literal = Literal(Take());
        return row =>
            row.TryGetValue(column, out var value) && value.GetType() == literal.GetType() && holds(Compare(value, literal));
    }

    private static int Compare(object value, object literal) => value is string text
        ? string.CompareOrdinal(text, (string)literal)
        : ((IComparable)value).CompareTo(literal);

    private static object Literal(string token) => token switch
    {
        "true" => true,
        "false" => false,
        _ when token.StartsWith("guid'", StringComparison.Ordinal) => Guid.Parse(token[5..^1]),
        _ when token.StartsWith("datetime'", StringComparison.Ordinal) =>
            DateTimeOffset.Parse(token[9..^1], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal),
        _ when token.StartsWith('\'') => token[1..^1].Replace("''", "'", StringComparison.Ordinal),
        _ when token.EndsWith('L') => long.Parse(token[..^1], CultureInfo.InvariantCulture),
        _ when token.Contains('.', StringComparison.Ordinal) => double.Parse(token, CultureInfo.InvariantCulture),
        _ => int.Parse(token, CultureInfo.InvariantCulture),
    };
}
