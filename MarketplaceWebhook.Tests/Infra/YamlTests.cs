using System.Diagnostics;
using System.Text.RegularExpressions;
using YamlDotNet.RepresentationModel;

namespace MarketplaceWebhook.Tests.Infra;

public sealed partial class YamlTests
{
    public static TheoryData<string> Workflows { get; } = [
        .. Directory.GetFiles(Repository.PathOf(".github/workflows"), "*.yml")
            .Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal),
    ];

    [Theory]
    [MemberData(nameof(Workflows))]
    public void Workflow_has_least_permissions_and_a_time_limit_on_every_job(string file)
    {
        var workflow = Read($".github/workflows/{file}");

        Assert.Equal("read", (string)workflow["permissions"]["contents"]!);
        Assert.All(
            ((YamlMappingNode)workflow["jobs"]).Children,
            job => Assert.True(((YamlMappingNode)job.Value).Children.ContainsKey("timeout-minutes"), job.Key.ToString()));
    }

    [Theory]
    [MemberData(nameof(Workflows))]
    public void Actions_are_pinned_by_commit_with_the_version_as_a_comment(string file)
    {
        var used = Repository.Read($".github/workflows/{file}").Split('\n').Where(line => line.Contains("uses:")).ToList();

        Assert.NotEmpty(used);
        Assert.All(used, line => Assert.Matches(Pinned(), line));
    }

    [Fact]
    public void Workflows_use_one_version_of_each_action()
    {
        var used = Workflows.Select(row => Repository.Read($".github/workflows/{row.Data}"))
            .SelectMany(text => Pinned().Matches(text))
            .Select(match => (Action: match.Groups["repository"].Value, Version: match.Groups["version"].Value))
            .Distinct()
            .Select(use => use.Action)
            .ToList();

        Assert.Equal(used.Distinct(), used);
    }

    [Theory]
    [MemberData(nameof(Workflows))]
    public void Inputs_reach_scripts_as_environment_variables_only(string file) =>
        Assert.All(
            Scalars(Read($".github/workflows/{file}"), "run"),
            script => Assert.DoesNotMatch(Injectable(), script));

    [Fact]
    public void Purge_runs_only_when_its_variable_is_set() =>
        Assert.Equal("vars.PURGE_OLDER_THAN != ''", (string)Read(".github/workflows/purge.yml")["jobs"]["purge"]["if"]!);

    [Theory]
    [InlineData("", "dotnet-isolated")]
    [InlineData("dotnet-isolated", "dotnet-isolated")]
    [InlineData("custom", "custom")]
    public async Task Azd_deploys_the_service_that_the_template_tags_the_app_with(string azdValue, string runtime)
    {
        var tagged = Bicep.VariablesWith(await Bicep.TemplateAsync(), "runtimes")["runtimes"]![runtime]!["azdService"];

        var deployed = new List<string>();
        foreach (var (name, service) in ((YamlMappingNode)Read("azure.yaml")["services"]).Children)
        {
            if (await ExpandAsync((string)service["condition"]!, azdValue) == "true")
            {
                deployed.Add((string)name!);
            }
        }

        Assert.Equal((string)tagged!, Assert.Single(deployed));
    }

    [Fact]
    public void Projects_and_hooks_of_azure_yaml_exist()
    {
        var azure = Read("azure.yaml");

        Assert.All(
            Scalars(azure["services"], "project"), project => Assert.True(Directory.Exists(Repository.PathOf(project)), project));
        var hooks = Scalars(azure["hooks"], "run").ToList();
        Assert.Equal(2, hooks.Count);
        Assert.All(hooks, hook => Assert.True(File.Exists(Repository.PathOf(hook)), hook));
    }

    /// <summary>
    /// Expands a condition with bash: azd's library (drone/envsubst) has bash's syntax for prefixes and replacements.
    /// </summary>
    private static async Task<string> ExpandAsync(string condition, string runtime)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Needs bash.");
        var start = new ProcessStartInfo("bash", ["-c", $"printf %s \"{condition}\""]) { RedirectStandardOutput = true };
        start.Environment["FUNCTIONS_WORKER_RUNTIME"] = runtime;
        using var bash = Process.Start(start)!;
        return await bash.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
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

    [GeneratedRegex(
        @"^ +(?:- )?uses: (?<repository>[\w-]+/[\w-]+)(?:/[\w-]+)?@(?<version>[0-9a-f]{40} # v\d+\.\d+\.\d+)\r?$",
        RegexOptions.Multiline)]
    private static partial Regex Pinned();

    [GeneratedRegex(@"\$\{\{\s*(inputs|github\.event|vars)")]
    private static partial Regex Injectable();
}
