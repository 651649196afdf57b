using System.Text.RegularExpressions;
using YamlDotNet.RepresentationModel;

namespace MarketplaceWebhook.Tests.Infra;

public sealed partial class YamlTests
{
    public static TheoryData<string> Workflows { get; } = [
        .. Directory.GetFiles(Repository.PathOf(".github/workflows"), "*.yml").Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal),
    ];

    [Theory]
    [MemberData(nameof(Workflows))]
    public void A_workflow_is_yaml_with_least_permissions_and_a_time_limit_on_every_job(string file)
    {
        var workflow = Read($".github/workflows/{file}");

        Assert.Equal("read", (string)workflow["permissions"]["contents"]!);
        Assert.All(
            ((YamlMappingNode)workflow["jobs"]).Children,
            job => Assert.True(((YamlMappingNode)job.Value).Children.ContainsKey("timeout-minutes"), job.Key.ToString()));
    }

    [Theory]
    [MemberData(nameof(Workflows))]
    public void Actions_are_pinned_by_major_version(string file)
    {
        var used = Scalars(Read($".github/workflows/{file}"), "uses").ToList();

        Assert.NotEmpty(used);
        Assert.All(used, action => Assert.Matches(Pinned(), action));
    }

    [Theory]
    [MemberData(nameof(Workflows))]
    public void What_somebody_typed_reaches_a_script_as_a_variable_only(string file) =>
        Assert.All(
            Scalars(Read($".github/workflows/{file}"), "run"),
            script => Assert.DoesNotMatch(Injectable(), script));

    [Fact]
    public void The_purge_is_off_until_a_variable_is_set() =>
        Assert.Equal("vars.PURGE_OLDER_THAN != ''", (string)Read(".github/workflows/purge.yml")["jobs"]["purge"]["if"]!);

    [Fact]
    public async Task Azd_finds_its_service_by_the_tag_and_its_hooks_by_their_paths()
    {
        var service = Assert.Single(((YamlMappingNode)Read("azure.yaml")["services"]).Children);
        var project = (string)service.Value["project"]!;
        var hooks = Scalars(service.Value["hooks"], "run").ToList();

        Assert.Contains(Bicep.TextsOf(await Bicep.TemplateAsync()), text => text.Contains($"'azd-service-name', '{service.Key}'"));
        Assert.True(Directory.Exists(Repository.PathOf(project)));
        Assert.Equal(6, hooks.Count);
        Assert.All(hooks, hook => Assert.True(File.Exists(Repository.PathOf($"{project}/{hook}")), hook));
    }

    private static YamlNode Read(string path)
    {
        var yaml = new YamlStream();
        yaml.Load(new StringReader(Repository.Read(path)));
        return yaml.Documents[0].RootNode;
    }

    private static IEnumerable<string> Scalars(YamlNode node, string key) => node switch
    {
        YamlMappingNode map => map.Children.SelectMany(child =>
            child.Value is YamlScalarNode scalar
                ? child.Key.ToString() == key ? [scalar.Value!] : []
                : Scalars(child.Value, key)),
        YamlSequenceNode list => list.Children.SelectMany(child => Scalars(child, key)),
        _ => [],
    };

    [GeneratedRegex(@"^[\w-]+/[\w-]+@v\d+$")]
    private static partial Regex Pinned();

    [GeneratedRegex(@"\$\{\{\s*(inputs|github\.event|vars)")]
    private static partial Regex Injectable();
}
