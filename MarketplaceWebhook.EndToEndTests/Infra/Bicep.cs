using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.EndToEndTests.Infra;

/// <summary>The Bicep compiler, and the template that it creates from infra/.</summary>
internal static partial class Bicep
{
    private static readonly string? Compiler = Repository.Metadata("BicepCompiler");

    private static readonly Lazy<Task<JsonNode>> Compiled = new(CompileAsync);

    /// <summary>
    /// infra/main.bicep as an ARM template, compiled without warnings of the compiler and its linter. Skips the calling test if
    /// this machine has no compiler.
    /// </summary>
    public static Task<JsonNode> TemplateAsync()
    {
        SkipWithoutCompiler();
        return Compiled.Value;
    }

    /// <summary>Runs the compiler. Errors is its standard error, which has the warnings.</summary>
    private static async Task<(int ExitCode, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo(Compiler!, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(Cancellation);
        var errors = process.StandardError.ReadToEndAsync(Cancellation);
        await process.WaitForExitAsync(Cancellation);
        return (process.ExitCode, await output, await errors);
    }

    /// <summary>
    /// The resources that each of these deployments creates: conditions and loops are evaluated, names and properties as far as
    /// they are known before the deployment.
    /// </summary>
    /// <param name="deployments">Values in Bicep for parameters of infra/main.bicep, besides those that have no default.</param>
    public static async Task<IReadOnlyList<IReadOnlyList<JsonNode>>> ResourcesAsync(
        IReadOnlyList<IReadOnlyDictionary<string, string>> deployments)
    {
        SkipWithoutCompiler();
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            // One file with all of them: starting the compiler takes longer than the rest.
            var main = Path.GetRelativePath(folder.FullName, Repository.PathOf("infra/main.bicep")).Replace('\\', '/');
            var modules = deployments.Select((deployment, number) => $$"""
                module deployment{{number}} '{{main}}' = {
                  params: {
                    environmentName: 'env{{number}}'
                    location: 'westeurope'
                    functionsWorkerRuntime: 'dotnet-isolated'
                    instanceMemoryMB: 2048
                    maximumInstanceCount: 40
                    alwaysReadyHttp: 0
                    alwaysReadyProjection: 0
                    availabilityTestSeconds: 900
                    {{string.Join("\n", deployment.Select(parameter => $"{parameter.Key}: {parameter.Value}"))}}
                  }
                }
                """);
            await File.WriteAllLinesAsync(
                Path.Combine(folder.FullName, "all.bicep"), modules.Prepend("targetScope = 'subscription'"),
                Cancellation);
            var parameters = Path.Combine(folder.FullName, "all.bicepparam");
            await File.WriteAllTextAsync(parameters, "using 'all.bicep'\n", Cancellation);
            var (exitCode, _, errors) = await RunAsync(
                "snapshot", parameters, "--mode", "overwrite", "--location", "westeurope",
                "--subscription-id", "11111111-1111-1111-1111-111111111111", "--tenant-id", "22222222-2222-2222-2222-222222222222");
            Assert.True(exitCode == 0, $"bicep snapshot reports: {errors}");
            var snapshot = JsonNode.Parse(await File.ReadAllTextAsync(
                Path.ChangeExtension(parameters, "snapshot.json"), Cancellation))!;
            var resources = snapshot["predictedResources"]!.AsArray().ToLookup(
                resource => ResourceGroup().Match((string)resource!["id"]!).Value, resource => resource!);
            return [.. deployments.Select((_, number) => resources[$"rg-env{number}"].ToList())];
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Every resource of the template and its modules. A loop counts once; `existing` resources are skipped.</summary>
    public static IEnumerable<JsonObject> ResourcesOf(JsonNode template)
    {
        // In templates with user-defined types, resources are an object with symbolic names; otherwise they are an array.
        var resources = template["resources"] switch
        {
            JsonObject named => named.Select(pair => pair.Value!.AsObject()),
            var list => list!.AsArray().Select(resource => resource!.AsObject()),
        };
        foreach (var resource in resources.Where(resource => resource["existing"]?.GetValue<bool>() != true))
        {
            yield return resource;
            if ((string?)resource["type"] == "Microsoft.Resources/deployments")
            {
                foreach (var inner in ResourcesOf(resource["properties"]!["template"]!))
                {
                    yield return inner;
                }
            }
        }
    }

    /// <summary>
    /// The settings of the app in a deployment. Merged with the operator's, so the compiler leaves them as an expression;
    /// the last argument of union() wins. A value that is known only during the deployment is its beginning, such as reference.
    /// </summary>
    public static IReadOnlyDictionary<string, string> SettingsOf(Deployment deployment)
    {
        var expression = (string)Assert.Single(deployment.Of("Microsoft.Web/sites/config"))["properties"]!;
        Assert.StartsWith("[union(parameters('extraAppSettings'), createObject('", expression, StringComparison.Ordinal);
        return Setting().Matches(expression.Split("createObject(")[1])
            .ToDictionary(setting => setting.Groups["name"].Value, setting => setting.Groups["value"].Value);
    }

    /// <summary>The variables of the only module that has one of this name.</summary>
    public static JsonNode VariablesWith(JsonNode template, string name) => Assert.Single(
        ModulesOf(template).Select(module => module["variables"]), variables => variables?[name] is not null)!;

    /// <summary>The templates of the modules, without the main one.</summary>
    public static IEnumerable<JsonNode> ModulesOf(JsonNode template) =>
        ResourcesOf(template).Where(resource => (string)resource["type"]! == "Microsoft.Resources/deployments")
            .Select(module => module["properties"]!["template"]!);

    /// <summary>Every string in the template: property values, variables, embedded queries and the workbook.</summary>
    public static IEnumerable<string> TextsOf(JsonNode? node) => node switch
    {
        JsonObject named => named.SelectMany(pair => TextsOf(pair.Value)),
        JsonArray list => list.SelectMany(TextsOf),
        JsonValue value when value.TryGetValue(out string? text) => [text],
        _ => [],
    };

    private static async Task<JsonNode> CompileAsync()
    {
        var (exitCode, output, errors) = await RunAsync("build", Repository.PathOf("infra/main.bicep"), "--stdout");
        Assert.True(exitCode == 0 && errors.Length == 0, $"bicep build reports: {errors}");
        return JsonNode.Parse(output)!;
    }

    private static void SkipWithoutCompiler() =>
        Assert.SkipWhen(Compiler is null, "NuGet has this version of the Bicep compiler for Linux x64 only.");

    [GeneratedRegex(@"'(?<name>[A-Z][\w.]+)', (?:'(?<value>[^']*)'|(?<value>reference|format)\()")]
    private static partial Regex Setting();

    [GeneratedRegex("rg-env[0-9]+")]
    private static partial Regex ResourceGroup();
}
