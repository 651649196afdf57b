using System.Text.RegularExpressions;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.EndToEndTests.Infra;

/// <summary>Deployments delete nothing: what exists only with a value stays when the value is set back.</summary>
public sealed partial class LeftResourcesTests
{
    private static readonly Combination Nothing = new(
        HasNetwork: false, HasTest: false, IsRestricted: false, HasPeople: false, HasFallback: false, HasChangeFeed: false,
        WasPrivate: false, IsPaused: false);

    private static readonly Combination Everything = new(
        HasNetwork: true, HasTest: true, IsRestricted: true, HasPeople: true, HasFallback: true, HasChangeFeed: true,
        WasPrivate: true, IsPaused: true);

    [Fact]
    public async Task Documents_list_each_value_that_leaves_resources_when_it_is_set_back()
    {
        var (off, on) = (Nothing.Parameters(), Everything.Parameters());
        var deployments = await Bicep.ResourcesAsync(
            [off, .. on.Select(value => new Dictionary<string, string>(off) { [value.Key] = value.Value })]);
        // Names contain a hash of the resource group's name, which differs, so types are counted. Storage that is closed is
        // deployed twice.
        var counts = deployments.Select(resources => resources
            .Where(resource => (string)resource["type"]! != "Microsoft.Storage/storageAccounts"
                || (string?)resource["properties"]!["publicNetworkAccess"] == "Enabled")
            .CountBy(resource => (string)resource["type"]!).ToHashSet()).ToList();
        var leaving = on.Keys.Zip(counts.Skip(1)).Where(with => with.Second.Except(counts[0]).Any())
            .Select(with => AzdValue(with.First));

        Assert.Equal(
            leaving.Order(StringComparer.Ordinal),
            Row().Matches(Repository.Read("docs/operations.md").Split("### What stays")[1].Split("### ")[0])
                .Select(row => row.Groups[1].Value).Order(StringComparer.Ordinal));
    }

    private static string AzdValue(string parameter) => Regex.Match(
        Repository.Read("infra/main.parameters.json"), $"\"{parameter}\": {{ \"value\": \"\\${{([A-Z_]+)").Groups[1].Value;

    [GeneratedRegex(@"^\| ([A-Z_]+) \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
