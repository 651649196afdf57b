using System.Text.RegularExpressions;
using Azure.Data.Tables;
using MarketplaceWebhook.Installs;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.EndToEndTests.Infra;

/// <summary>What docs/operations.md instructs people to type.</summary>
public sealed partial class OperationsTests
{
    private static readonly Dictionary<string, TableEntity[]> RowsOf = new()
    {
        [StorageNames.InstallsTable] = [Filled.Of<Install>().ToEntity(Guid.Empty), Filled.Of<Cycle>().ToEntity(Guid.Empty)],
        [StorageNames.StatusChangesTable] = [Filled.Of<StatusChange>().ToEntity()],
        [StorageNames.DeadLettersTable] = [Filled.Of<DeadLetter>().ToEntity()],
        [StorageNames.ReconciliationsTable] =
        [
            ReconciliationTable.Entity(Filled.Of<ReconciliationDifference>(), "account", "Acme", DateTimeOffset.UnixEpoch),
        ],
    };

    public static TheoryData<string, string> Filters { get; } = [
        .. FilterRow().Matches(Repository.Read("docs/operations.md"))
            .Select(row => (row.Groups["table"].Value, row.Groups["filter"].Value)),
    ];

    [Theory]
    [MemberData(nameof(Filters))]
    public void Filter_uses_columns_of_its_table(string table, string filter)
    {
        Assert.All(filter.Split(" and "), condition =>
        {
            var parts = Condition().Match(condition);
            Assert.True(parts.Success, $"'{condition}' is no condition");
            var column = parts.Groups["column"].Value;
            var value = RowsOf[table].Select(row => row[column]).FirstOrDefault(found => found is not null);
            Assert.True(value is not null, $"{table} has no column {column}");
            Assert.True(parts.Groups[TypeOf(value)].Success, $"'{condition}' compares with another type");
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

        Assert.Equal(11, names.Count);
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

    private static string TypeOf(object value) => value switch
    {
        long => "int64",
        int => "int32",
        DateTimeOffset => "time",
        _ => "text",
    };

    [GeneratedRegex(@"^\|[^|\n]*\| (?<table>\w+) \| `(?<filter>[^`]+)` \|\r?$", RegexOptions.Multiline)]
    private static partial Regex FilterRow();

    [GeneratedRegex(
        @"^(?<column>\w+) (?:eq|ne|gt|ge|lt|le) (?:(?<text>'[^']*')|(?<int64>\d+L)|(?<int32>\d+)|(?<time>datetime'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ'))$", RegexOptions.ExplicitCapture)]
    private static partial Regex Condition();

    /// <summary>The rules' names, and the metric alert's; not those of the action group and the availability test.</summary>
    [GeneratedRegex(@"^ {2,4}name: '(?!marketplace-webhook'|health')([\w-]+)'", RegexOptions.Multiline)]
    private static partial Regex AlertName();

    [GeneratedRegex(@"\$\{(\w+)")]
    private static partial Regex AzdValue();
}
