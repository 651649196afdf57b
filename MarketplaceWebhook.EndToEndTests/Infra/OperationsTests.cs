using System.Text.RegularExpressions;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.EndToEndTests.Infra;

/// <summary>What docs/operations.md tells people to type.</summary>
public sealed partial class OperationsTests
{
    private static readonly Dictionary<string, string[]> RowsOf = new()
    {
        [StorageNames.InstallsTable] = ["Install", "Cycle"],
        [StorageNames.StatusChangesTable] = ["StatusChange"],
        [StorageNames.DeadLettersTable] = ["DeadLetter"],
        [StorageNames.ReconciliationsTable] = ["ReconciliationDifference"],
    };

    private static readonly string Mapping = FirstParameter().Replace(
        Repository.Read("MarketplaceWebhook.Core/Storage/Tables/EntityMapping.cs")
        + Repository.Read("MarketplaceWebhook.Operations/Storage/ReconciliationTable.cs"), "Entity($1 ");

    public static TheoryData<string, string> Filters { get; } = [
        .. FilterRow().Matches(Repository.Read("docs/operations.md"))
            .Select(row => (row.Groups["table"].Value, row.Groups["filter"].Value)),
    ];

    [Theory]
    [MemberData(nameof(Filters))]
    public void Filter_uses_columns_of_its_table(string table, string filter)
    {
        var columns = ColumnsOf(table);

        Assert.All(filter.Split(" and "), condition =>
        {
            var parts = Condition().Match(condition);
            Assert.True(parts.Success, $"'{condition}' is no condition");
            Assert.Contains(parts.Groups["column"].Value, columns);
            Assert.True(parts.Groups[TypeOf(parts.Groups["column"].Value)].Success, $"'{condition}' compares with another type");
        });
    }

    [Fact]
    public void Every_table_has_filters() =>
        Assert.Equal(RowsOf.Keys.Order(), Filters.Select(row => row.Data.Item1).Distinct().Order());

    [Fact]
    public void Every_alert_is_explained()
    {
        var names = AlertName()
            .Matches(Repository.Read("infra/modules/alerts.bicep")).Select(match => match.Groups[1].Value).ToList();
        var operations = Repository.Read("docs/operations.md");

        Assert.Equal(10, names.Count);
        Assert.All(names, name => Assert.Contains($"\n| {name} (", operations));
    }

    [Fact]
    public void Every_azd_value_is_explained()
    {
        var values = AzdValue().Matches(Repository.Read("infra/main.parameters.json")).Select(match => match.Groups[1].Value)
            .Except(["AZURE_ENV_NAME", "AZURE_LOCATION", "AZURE_PRINCIPAL_ID"]);
        var operations = Repository.Read("docs/operations.md");

        Assert.All(values, value => Assert.Contains($"\n| {value} |", operations));
    }

    /// <summary>Read from where rows become entities, so that a renamed column fails here.</summary>
    private static HashSet<string> ColumnsOf(string table) =>
    [
        "PartitionKey", "RowKey",
        .. RowsOf[table].SelectMany(row => Column().Matches(Mapping.Split($"Entity({row} ")[1].Split(';')[0]))
            .Select(match => match.Groups[1].Value),
    ];

    private static string TypeOf(string column) => column switch
    {
        "PackageId" => "int64",
        _ when column.EndsWith("Count", StringComparison.Ordinal) => "int32",
        _ when column.EndsWith("At", StringComparison.Ordinal) => "time",
        _ => "text",
    };

    [GeneratedRegex(@"^\|[^|\n]*\| (?<table>\w+) \| `(?<filter>[^`]+)` \|\r?$", RegexOptions.Multiline)]
    private static partial Regex FilterRow();

    [GeneratedRegex(
        @"^(?<column>\w+) (?:eq|ne|gt|ge|lt|le) (?:(?<text>'[^']*')|(?<int64>\d+L)|(?<int32>\d+)|(?<time>datetime'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ'))$", RegexOptions.ExplicitCapture)]
    private static partial Regex Condition();

    [GeneratedRegex(@"Entity\(\s*(?:this )?(\w+) ")]
    private static partial Regex FirstParameter();

    [GeneratedRegex(@"\.With\(Columns\.(\w+)")]
    private static partial Regex Column();

    /// <summary>The rules' names, and the metric alert's; not those of the action group and the availability test.</summary>
    [GeneratedRegex(@"^ {2,4}name: '(?!marketplace-webhook'|health')([\w-]+)'", RegexOptions.Multiline)]
    private static partial Regex AlertName();

    [GeneratedRegex(@"\$\{(\w+)")]
    private static partial Regex AzdValue();
}
