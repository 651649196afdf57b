using System.Text.Json.Nodes;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.EndToEndTests.Deployment;

/// <summary>
/// The functions that the worker's SDK generates from attributes, and those of the custom handler's function.json files.
/// </summary>
public sealed class FunctionDeclarationTests
{
    private static readonly Dictionary<string, string> Expected = new()
    {
        ["Health"] = "GET,HEAD health (ANONYMOUS)",
        ["MoveFallback"] = "queue marketplace-fallback of FallbackStorage",
        ["ProjectNotification"] = "queue marketplace-notifications of AzureWebJobsStorage",
        ["ReceiveNotification"] = "POST cyclr/marketplace/{source?} (FUNCTION)",
        ["RecordDeadLetter"] = "queue marketplace-notifications-poison of AzureWebJobsStorage",
        ["RetryFallback"] = "queue marketplace-fallback-poison of FallbackStorage",
    };

    [Fact]
    public void Isolated_worker_declares_the_functions()
    {
        var metadata = JsonNode.Parse(
            File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "app", "functions.metadata")))!.AsArray();

        Assert.Equal(Expected, metadata.ToDictionary(function => (string)function!["name"]!, function => TriggerOf(function!)));
    }

    [Fact]
    public void Custom_handler_declares_the_same_functions() =>
        Assert.Equal(Expected, Names.Functions.ToDictionary(function => function.Key, function => TriggerOf(function.Value)));

    private static string TriggerOf(JsonNode function)
    {
        var trigger = function["bindings"]!.AsArray()
            .Single(binding => Text(binding!, "type").EndsWith("Trigger", StringComparison.Ordinal))!;
        return Text(trigger, "type") == "httpTrigger"
            ? $"{string.Join(',', trigger["methods"]!.AsArray()).ToUpperInvariant()} {Text(trigger, "route")} "
                + $"({Text(trigger, "authLevel").ToUpperInvariant()})"
            : $"queue {Text(trigger, "queueName")} of {Text(trigger, "connection")}";
    }

    private static string Text(JsonNode binding, string name) => (string)binding[name]!;
}
