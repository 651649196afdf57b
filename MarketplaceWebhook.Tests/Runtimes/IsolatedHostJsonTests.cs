using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using MarketplaceWebhook.Tests.Infra;

namespace MarketplaceWebhook.Tests.Runtimes;

/// <summary>The host.json that a build for the isolated worker makes from the root's. Needs none of the worker's packages.</summary>
public sealed class IsolatedHostJsonTests
{
    [Fact]
    public async Task It_is_the_roots_without_the_custom_handlers_parts_and_with_the_telemetry_mode()
    {
        var folder = Directory.CreateTempSubdirectory("host-json-").FullName;
        try
        {
            await WriteHostJsonAsync(folder);

            var expected = JsonNode.Parse(Repository.Read("host.json"))!.AsObject();
            Assert.True(expected.Remove("customHandler"));
            Assert.True(expected.Remove("extensionBundle"));
            expected["telemetryMode"] = "OpenTelemetry";
            var made = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(folder, "host.json"), TestContext.Current.CancellationToken));
            Assert.True(JsonNode.DeepEquals(expected, made), made!.ToJsonString(JsonSerializerOptions.Default));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task WriteHostJsonAsync(string folder)
    {
        using var build = Process.Start(new ProcessStartInfo("dotnet",
        [
            "msbuild", Repository.PathOf("MarketplaceWebhook.Functions/MarketplaceWebhook.Functions.csproj"),
            "-target:WriteHostJson", "-nodeReuse:false", "-nologo",
            "-property:FunctionsWorkerRuntime=dotnet-isolated", $"-property:IntermediateOutputPath={folder}{Path.DirectorySeparatorChar}",
        ])
        {
            RedirectStandardOutput = true,
        })!;
        var output = await build.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await build.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(build.ExitCode == 0, output);
    }
}
