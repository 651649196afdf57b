using System.Text.Json.Nodes;

namespace MarketplaceWebhook.Tests.Support;

/// <summary>Bodies as Cyclr sends them, with the values that a test is about.</summary>
public static class NotificationBody
{
    /// <summary>A status that Cyclr does not document.</summary>
    public const string Unknown = "unknown-status";

    public static string Of(
        string status, Guid account, long package = 1, string? apiId = null, IEnumerable<Guid>? cycles = null,
        string? padding = null,
        string? cycleStatus = "Active", string? template = null) =>
        new JsonObject
        {
            ["Status"] = status,
            ["AccountId"] = account.ToString(),
            ["MarketplaceIntegrationPackageId"] = package,
            ["AccountApiId"] = apiId,
            ["MarketplaceInstallDetails"] = cycles is null ? null : new JsonArray([.. cycles.Select(cycle => new JsonObject
            {
                ["CycleId"] = cycle.ToString(),
                ["CycleStatus"] = cycleStatus,
                ["TemplateId"] = template,
                ["Webhooks"] = new JsonArray(
                    new JsonObject { ["Url"] = "https://example.com/secret-hook", ["StepName"] = "Hook" }),
            })]),
            ["padding"] = padding,
        }.ToJsonString();
}
