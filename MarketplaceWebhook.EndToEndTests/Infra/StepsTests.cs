using System.Text.Json.Nodes;

namespace MarketplaceWebhook.EndToEndTests.Infra;

/// <summary>
/// The order in which a deployment changes an environment that receives notifications: what the app uses is removed only when
/// its replacement is there.
/// </summary>
public sealed class StepsTests
{
    [Fact]
    public async Task Storage_is_opened_only_if_it_is_open_already_and_closed_only_with_a_network()
    {
        foreach (var deployment in await Deployment.AllAsync())
        {
            string[] expected = deployment.Values switch
            {
                { HasNetwork: false } => ["Enabled"],
                { WasPrivate: false } => ["Enabled", "Disabled"],
                _ => ["Disabled", "Disabled"],
            };
            Assert.All(
                deployment.Of("Microsoft.Storage/storageAccounts").ToLookup(account => (string)account["name"]!),
                steps => Assert.Equal(expected, steps.Select(step => (string)step["properties"]!["publicNetworkAccess"]!)));
        }
    }

    [Fact]
    public async Task Storage_is_closed_after_the_app_reaches_it_through_the_network()
    {
        var modules = await ModulesAsync();
        var closing = modules.Where(
            module => (string?)module.Value!["properties"]?["parameters"]?["publicNetworkAccess"]?["value"] == "Disabled")
            .ToList();

        Assert.Equal(2, closing.Count);
        Assert.All(closing, module => Assert.Superset(
            new HashSet<string> { "functionApp", "network", "storageAccount", "fallbackAccount" },
            EarlierThan(module.Key, modules)));
    }

    [Fact]
    public async Task Everything_that_the_app_uses_is_there_before_its_settings_name_it() =>
        Assert.Superset(
            new HashSet<string>
            {
                "identity", "monitoring", "network", "storageAccount", "storage", "roles", "fallbackAccount", "fallback",
                "fallbackRoles",
            },
            EarlierThan("functionApp", await ModulesAsync()));

    private static async Task<JsonObject> ModulesAsync() =>
        (await Bicep.TemplateAsync())["resources"]!["resources"]!["properties"]!["template"]!["resources"]!.AsObject();

    /// <summary>What the module waits for, directly or not.</summary>
    private static HashSet<string> EarlierThan(string name, JsonObject modules)
    {
        var found = new HashSet<string>();
        var next = new Queue<string>([name]);
        while (next.TryDequeue(out var module))
        {
            foreach (var earlier in modules[module]!["dependsOn"]?.AsArray() ?? [])
            {
                if (found.Add((string)earlier!))
                {
                    next.Enqueue((string)earlier!);
                }
            }
        }

        return found;
    }
}
