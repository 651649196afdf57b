using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using MarketplaceWebhook.Telemetry;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.EndToEndTests.Infra;

/// <summary>A KQL query of an alert or of the workbook, and the names that it uses.</summary>
internal sealed partial record Query(string Source, string Text)
{
    public static IEnumerable<Query> OfAlerts() =>
        Directory.GetFiles(Repository.PathOf("infra/queries"), "*.kql")
            .Select(path => new Query($"infra/queries/{Path.GetFileName(path)}", WithoutComments(File.ReadAllText(path))));

    public static IEnumerable<Query> OfWorkbook() =>
        JsonNode.Parse(Repository.Read("infra/workbook.json"))!["items"]!.AsArray()
            .Where(item => (int)item!["type"]! == 3)
            .Select(item => new Query($"infra/workbook.json, {item!["name"]}", (string)item["content"]!["query"]!));

    /// <summary>Each name in the query that the code does not have, with the query's source.</summary>
    public IEnumerable<string> UnknownNames()
    {
        foreach (Match name in ComparedWithName().Matches(Text))
        {
            foreach (Match literal in Literal().Matches(name.Groups["names"].Value))
            {
                if (!Names.Metrics.Contains(literal.Groups[1].Value) && !Names.Spans.Contains(literal.Groups[1].Value))
                {
                    yield return $"{Source}: no metric or span is named '{literal.Groups[1].Value}'";
                }
            }
        }

        foreach (Match attribute in Attribute().Matches(Text))
        {
            if (!Names.Attributes.Contains(attribute.Groups[1].Value))
            {
                yield return $"{Source}: no attribute is named '{attribute.Groups[1].Value}'";
            }
        }

        foreach (Match role in Role().Matches(Text))
        {
            if (role.Groups[1].Value != TelemetryNames.ServiceName)
            {
                yield return $"{Source}: the cloud role is not named '{role.Groups[1].Value}'";
            }
        }
    }

    /// <summary>The number of names found: a query without any was probably not parsed correctly.</summary>
    public int CountOfNames => ComparedWithName().Count(Text) + Attribute().Count(Text) + Role().Count(Text);

    private static string WithoutComments(string text) => Comment().Replace(text, "");

    [GeneratedRegex(@"//[^\n]*")]
    private static partial Regex Comment();

    [GeneratedRegex(@"\b[Nn]ame\s*(?:(?:==|=~|!=|has|contains|startswith)\s*(?<names>'[^']*')|!?in~?\s*\((?<names>[^)]*)\))")]
    private static partial Regex ComparedWithName();

    [GeneratedRegex("'([^']*)'")]
    private static partial Regex Literal();

    [GeneratedRegex(@"\b(?:Properties|customDimensions)\['([^']*)'\]")]
    private static partial Regex Attribute();

    [GeneratedRegex(@"\b(?:AppRoleName|cloud_RoleName)\s*==\s*'([^']*)'")]
    private static partial Regex Role();
}
