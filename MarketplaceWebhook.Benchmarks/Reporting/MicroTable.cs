namespace MarketplaceWebhook.Benchmarks.Reporting;

/// <summary>The micro-benchmarks: a row for each body, a column for each operation.</summary>
internal static class MicroTable
{
    public static (IReadOnlyList<string> Head, IEnumerable<IReadOnlyList<string>> Rows) Of(IReadOnlyList<Figure> figures)
    {
        // A name is "operation, body" or "operation, body, allocated".
        var cells = figures.Select(f => (Parts: f.Name.Split(", "), Text: Texts.Amount(f.Value, f.Unit))).ToList();
        List<string> operations = [.. cells.Select(c => c.Parts[0]).Distinct()];
        List<string> bodies = [.. cells.Select(c => c.Parts[1]).Distinct()];
        return (
            ["body", .. operations],
            bodies.Select(body => (IReadOnlyList<string>)
            [
                body,
                .. operations.Select(operation =>
                    string.Join(", ", cells.Where(c => c.Parts[0] == operation && c.Parts[1] == body).Select(c => c.Text))),
            ]));
    }
}
