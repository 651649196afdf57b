using System.Text.Json.Nodes;
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
    public async Task Alerts_that_are_explained_are_those_of_the_template()
    {
        var deployment = (await Deployment.AllAsync())[0];

        Assert.Equal(
            RulesOf(deployment).Concat(deployment.Of("Microsoft.Insights/metricAlerts"))
                .Select(rule => (string)rule["name"]!).Order(StringComparer.Ordinal),
            AlertRow().Matches(Repository.Read("docs/operations.md")).Select(row => row.Groups[1].Value)
                .Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Costs_are_those_of_as_many_alert_rules_as_the_template_enables()
    {
        var all = await Deployment.AllAsync();
        var plain = Enabled(all.First(one => one.Values is { HasFallback: false, HasChangeFeed: false }));
        var fallback = Enabled(all.First(one => one.Values is { HasFallback: true, HasChangeFeed: false }));
        var changeFeed = Enabled(all.First(one => one.Values is { HasFallback: false, HasChangeFeed: true }));
        // In US dollars a month, by frequency; 0.5 from 15 minutes on: https://azure.microsoft.com/pricing/details/monitor/
        decimal Price(IEnumerable<string> rules) => rules.Sum(frequency => frequency == "PT5M" ? 1.5m : 0.5m);

        Assert.Subset((HashSet<string>)["PT5M", "PT15M", "PT1H"], plain.Concat(fallback).Concat(changeFeed).ToHashSet());
        Assert.Contains(
            $"{plain.Count(one => one == "PT5M")} evaluated every 5 minutes ($1.50), {plain.Count(one => one == "PT15M")} every 15 "
            + $"($0.50); the metric alert $0.10; with a change feed ${Price(changeFeed) - Price(plain):0.00} more",
            Repository.Read("docs/operations.md"), StringComparison.Ordinal);
        Assert.Contains(
            $"Its alert rules cost ${Price(fallback) - Price(plain):0.00} a month.", Repository.Read("docs/fallback.md"),
            StringComparison.Ordinal);

        static List<string> Enabled(Deployment deployment) =>
            [.. RulesOf(deployment).Select(rule => rule["properties"]!).Where(rule => (bool)rule["enabled"]!)
                .Select(rule => (string)rule["evaluationFrequency"]!)];
    }

    [Fact]
    public void Every_azd_value_is_explained()
    {
        var values = AzdValue().Matches(Repository.Read("infra/main.parameters.json")).Select(match => match.Groups[1].Value)
            .Except(["AZURE_ENV_NAME", "AZURE_LOCATION", "AZURE_PRINCIPAL_ID"]);
        var operations = Repository.Read("docs/operations.md");

        Assert.All(values, value => Assert.Contains($"\n| {value} |", operations));
    }

    private static IEnumerable<JsonNode> RulesOf(Deployment deployment) =>
        deployment.Of("Microsoft.Insights/scheduledQueryRules");

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

    /// <summary>Name and severity.</summary>
    [GeneratedRegex(@"^\| ([\w-]+) \(\d\) \|", RegexOptions.Multiline)]
    private static partial Regex AlertRow();

    [GeneratedRegex(@"\$\{(\w+)")]
    private static partial Regex AzdValue();
}
