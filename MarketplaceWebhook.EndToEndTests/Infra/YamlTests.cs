using System.Diagnostics;
using System.Text.RegularExpressions;
using MarketplaceWebhook.Tests.Support;
using YamlDotNet.RepresentationModel;

namespace MarketplaceWebhook.EndToEndTests.Infra;

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

    [Theory]
    [MemberData(nameof(Workflows))]
    public void Checkout_keeps_no_credentials(string file)
    {
        var checkouts = Steps(file).Where(step => UsesOf(step).StartsWith("actions/checkout@", StringComparison.Ordinal));

        Assert.All(checkouts, step => Assert.Equal("false", (string)step["with"]["persist-credentials"]!));
    }

    /// <summary>A repository can require reviewers for it, and limit its branches.</summary>
    [Theory]
    [MemberData(nameof(Workflows))]
    public void Job_that_signs_in_to_Azure_names_an_environment(string file)
    {
        var jobs = ((YamlMappingNode)Read($".github/workflows/{file}")["jobs"]).Children.Values
            .Where(job => Scalars(job, "uses").Any(
                action => action.StartsWith("azure/login@", StringComparison.OrdinalIgnoreCase)));

        Assert.All(jobs, job => Assert.Equal("azure", (string)job["environment"]!));
    }

    [Theory]
    [InlineData("purge", "vars.PURGE_OLDER_THAN != ''")]
    [InlineData("reconcile", "vars.CYCLR_BASE_URL != ''")]
    public void Scheduled_workflow_runs_only_when_its_variable_is_set(string name, string condition) =>
        Assert.Equal(condition, (string)Read($".github/workflows/{name}.yml")["jobs"][name]["if"]!);

    [Fact]
    public void Deploy_workflow_and_azd_pipeline_config_pass_every_value_of_the_template()
    {
        // azd knows these: its own values, and the identity that it runs as. STORAGE_IS_PRIVATE is read from Azure.
        string[] ofAzd = ["AZURE_ENV_NAME", "AZURE_LOCATION", "AZURE_PRINCIPAL_ID", "STORAGE_IS_PRIVATE"];
        var values = AzdValue().Matches(Repository.Read("infra/main.parameters.json")).Select(match => match.Groups[1].Value)
            .Except(ofAzd).Order(StringComparer.Ordinal).ToList();
        var job = Read(".github/workflows/azure-dev.yml")["jobs"]["deploy"];
        var pipeline = Read("azure.yaml")["pipeline"];

        Assert.Equal(values, ((YamlMappingNode)job["env"]).Children.Keys.Select(name => (string)name!)
            .Where(name => !name.StartsWith("AZURE_", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        Assert.Equal(
            values,
            ((YamlSequenceNode)pipeline["variables"]).Concat((YamlSequenceNode)pipeline["secrets"])
                .Select(name => (string)name!).Order(StringComparer.Ordinal));
        Assert.All((YamlSequenceNode)pipeline["secrets"], name => Assert.Equal(
            $"${{{{ secrets.{name} }}}}", (string)job["env"][name.ToString()]!));
        Assert.Contains("STORAGE_IS_PRIVATE=true", Repository.Read(".github/workflows/azure-dev.yml"), StringComparison.Ordinal);
    }

    /// <summary>
    /// A repository variable that is not set arrives as an empty text. azd's library uses the default then, as bash does with :=
    /// (toDefault in https://github.com/drone/envsubst/blob/master/funcs.go).
    /// </summary>
    [Fact]
    public void Every_value_that_is_not_azds_own_has_a_default() =>
        Assert.All(
            Repository.Read("infra/main.parameters.json").Split('\n')
                .Where(line => line.Contains("${", StringComparison.Ordinal)),
            line => Assert.Matches("AZURE_(ENV_NAME|LOCATION|PRINCIPAL_ID)|=", line));

    [Fact]
    public void Core_Tools_have_one_version_wherever_they_are_installed()
    {
        string[] files = [".github/workflows/ci.yml", ".devcontainer/devcontainer.json"];
        var versions = files.SelectMany(file => CoreTools().Matches(Repository.Read(file))).Select(match => match.Groups[1].Value)
            .ToList();

        Assert.Equal(2, versions.Count);
        Assert.Matches(@"^\d+\.\d+\.\d+$", Assert.Single(versions.Distinct()));
    }

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
        return await bash.StandardOutput.ReadToEndAsync(Cancellation);
    }

    private static IEnumerable<YamlNode> Steps(string file) =>
        ((YamlMappingNode)Read($".github/workflows/{file}")["jobs"]).Children.Values
            .SelectMany(job => (YamlSequenceNode)job["steps"]);

    private static string UsesOf(YamlNode step) =>
        ((YamlMappingNode)step).Children.TryGetValue("uses", out var action) ? action.ToString() : "";

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

    [GeneratedRegex(@"\$\{(\w+)")]
    private static partial Regex AzdValue();

    [GeneratedRegex(@"azure-functions-core-tools@([^\s""]+)")]
    private static partial Regex CoreTools();

    [GeneratedRegex(@"\$\{\{\s*(inputs|github\.event|vars)")]
    private static partial Regex Injectable();
}
