using System.Text.Json.Nodes;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.EndToEndTests.Infra;

/// <summary>
/// Flex Consumption rejects properties that other plans accept, and only when it is deployed. infra/checks/flex-consumption.json
/// has what is known of it, with sources.
/// </summary>
public sealed class FlexConsumptionTests
{
    private static readonly JsonNode Known = JsonNode.Parse(Repository.Read("infra/checks/flex-consumption.json"))!;

    public static TheoryData<string> Groups { get; } = ["site", "siteConfig", "functionAppConfig", "appSettings"];

    [Theory]
    [MemberData(nameof(Groups))]
    public async Task Template_sends_nothing_that_Flex_Consumption_rejects(string group)
    {
        var rejected = NamesOf("rejected", group).ToHashSet(StringComparer.OrdinalIgnoreCase);

        Assert.DoesNotContain(await SentAsync(group), rejected.Contains);
    }

    [Theory]
    [MemberData(nameof(Groups))]
    public async Task Property_that_the_official_template_does_not_send_is_listed_with_a_source(string group)
    {
        var official = Known["official"]![group]!.AsArray().Select(name => (string)name!);
        // Settings of this application itself are not the platform's.
        var ours = (await SentAsync(group)).Where(name => group != "appSettings" || NamesOfPlatform(name)).Except(official);

        Assert.Equal(NamesOf("alsoSent", group).Order(StringComparer.Ordinal), ours.Order(StringComparer.Ordinal));
    }

    /// <summary>
    /// azd offers only allowed values: https://github.com/Azure/azure-dev, pkg/infra/provisioning/bicep/prompt.go.
    /// </summary>
    [Fact]
    public async Task Azd_offers_only_regions_with_Flex_Consumption()
    {
        var location = (await Bicep.TemplateAsync())["parameters"]!["location"]!;

        Assert.Equal("location", (string)location["metadata"]!["azd"]!["type"]!);
        Assert.Contains("westeurope", location["allowedValues"]!.AsArray().Select(region => (string)region!));
    }

    [Fact]
    public void Every_list_has_a_source() =>
        Assert.All(
            Known["rejected"]!.AsArray().Concat(Known["alsoSent"]!.AsArray()).Append(Known["official"]),
            list => Assert.StartsWith("https://", (string)list!["source"]!, StringComparison.Ordinal));

    private static bool NamesOfPlatform(string setting) =>
        setting.StartsWith("AzureWebJobsStorage", StringComparison.Ordinal)
        || setting.All(letter => char.IsAsciiLetterUpper(letter) || letter == '_');

    private static IEnumerable<string> NamesOf(string lists, string group) =>
        Known[lists]!.AsArray().SelectMany(list => list![group]?.AsArray() ?? []).Select(name => (string)name!);

    private static async Task<IReadOnlyList<string>> SentAsync(string group)
    {
        var resources = Bicep.ResourcesOf(await Bicep.TemplateAsync()).ToLookup(resource => (string)resource["type"]!);
        var site = Assert.Single(resources["Microsoft.Web/sites"])["properties"]!;
        var properties = group switch
        {
            "site" => site,
            "appSettings" => Bicep.VariablesWith(await Bicep.TemplateAsync(), "settings")["settings"]!,
            _ => site[group]!,
        };
        return [.. properties.AsObject().Select(property => property.Key)];
    }
}
