using System.Text.Json.Nodes;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.EndToEndTests.Deployment;

/// <summary>What a Functions host reads from the application's folder before it starts the worker or the handler.</summary>
public sealed class AppFolderTests
{
    [Fact]
    public void Worker_config_starts_the_app_and_allows_placeholders()
    {
        var description = Read("app/worker.config.json")["description"]!;

        Assert.Equal("dotnet", (string)description["defaultExecutablePath"]!);
        Assert.True(File.Exists(PathOf($"app/{(string)description["defaultWorkerPath"]!}")));
        Assert.True((bool)description["canUsePlaceholder"]!);
    }

    [Fact]
    public void Host_json_configures_how_queues_are_read()
    {
        var queues = Read("app/host.json")["extensions"]!["queues"]!;

        Assert.Equal(
            ("base64", "00:00:10", "00:00:02", 16, 5),
            ((string)queues["messageEncoding"]!, (string)queues["visibilityTimeout"]!, (string)queues["maxPollingInterval"]!,
                (int)queues["batchSize"]!, (int)queues["maxDequeueCount"]!));
    }

    [Fact]
    public void Host_json_leaves_the_default_log_level_to_the_host()
    {
        var levels = Read("app/host.json")["logging"]!["logLevel"]!.AsObject();

        // With a default the host drops its own filter: an idle app then logs every poll of its queues.
        Assert.False(levels.ContainsKey("default"));
        // A level for it lets its warnings through: one for every poll of a queue that does not exist.
        Assert.False(levels.ContainsKey("Azure.Core"));
        // At Information it logs every URL, which includes the function key.
        Assert.Equal("Warning", (string)levels["Microsoft.AspNetCore.Hosting.Diagnostics"]!);
    }

    [Fact]
    public void Custom_handler_s_host_json_differs_only_in_what_a_custom_handler_needs()
    {
        var custom = JsonNode.Parse(Repository.Read("MarketplaceWebhook.CustomHandler/host.json"))!.AsObject();
        var handler = custom["customHandler"]!;
        Assert.Equal("MarketplaceWebhook.CustomHandler", (string)handler["description"]!["defaultExecutablePath"]!);
        Assert.True((bool)handler["enableForwardingHttpRequest"]!);
        Assert.True((bool)handler["enableProxyingHttpRequest"]!);
        Assert.True(custom.Remove("customHandler"));
        Assert.True(custom.Remove("extensionBundle"));

        Assert.True(JsonNode.DeepEquals(Read("app/host.json"), custom), custom.ToJsonString());
    }

    private static JsonNode Read(string path) => JsonNode.Parse(File.ReadAllText(PathOf(path)))!;

    private static string PathOf(string path) => Path.Combine(AppContext.BaseDirectory, path);
}
