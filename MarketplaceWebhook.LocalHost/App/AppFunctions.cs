using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;

namespace MarketplaceWebhook.LocalHost.App;

/// <summary>The functions that this host runs: those that no setting disables.</summary>
public sealed partial record AppFunctions(IReadOnlyList<HttpFunction> Http, IReadOnlyList<QueueFunction> Queue)
{
    /// <exception cref="LocalHostException">This host does not support a binding, or a setting that a binding needs is
    /// missing.</exception>
    internal static AppFunctions From(IEnumerable<IndexedFunction> indexed, IConfiguration settings)
    {
        var functions = indexed.Where(function => !IsDisabled(function.Name, settings))
            .Select(function => Read(function, settings))
            .ToList();
        return new AppFunctions([.. functions.OfType<HttpFunction>()], [.. functions.OfType<QueueFunction>()]);
    }

    /// <summary>
    /// Not every shell can set a variable with dots:
    /// https://learn.microsoft.com/azure/azure-functions/disable-function#disable-a-function
    /// </summary>
    private static bool IsDisabled(string name, IConfiguration settings) =>
        ((string[])[$"AzureWebJobs.{name}.Disabled", $"AzureWebJobs:{name}:Disabled", $"AzureWebJobs_{name}_Disabled"])
            .Select(setting => settings[setting])
            .Any(value => value == "1" || string.Equals(value, "true", StringComparison.OrdinalIgnoreCase));

    private static object Read(IndexedFunction function, IConfiguration settings)
    {
        return function.Bindings switch
        {
            [var trigger, { IsHttpOutput: true }] when trigger.Is("httpTrigger") => Http(trigger),
            [{ IsHttpOutput: true }, var trigger] when trigger.Is("httpTrigger") => Http(trigger),
            [{ Name: { } binding, QueueName: { } queue } trigger] when trigger.Is("queueTrigger") => new QueueFunction(
                function.Name, binding, Resolve(queue), Resolve(trigger.Connection ?? "AzureWebJobsStorage"), trigger.IsDeferred),
            _ => throw new LocalHostException(
                $"The function {function.Name} cannot be run here: its bindings are neither one httpTrigger with one http output, "
                + "nor one queueTrigger."),
        };

        HttpFunction Http(IndexedFunction.Binding trigger) => new(
            function.Name, trigger.Name ?? "", Resolve(trigger.Route ?? function.Name).TrimStart('/'), trigger.Methods ?? [],
            trigger.AuthLevel);

        string Resolve(string value) => SettingReference().Replace(value, match =>
            settings[match.Groups[1].Value.Replace("__", ":", StringComparison.Ordinal)] ?? throw new LocalHostException(
                $"The setting {match.Groups[1].Value}, which a binding of {function.Name} refers to, is missing."));
    }

    [GeneratedRegex("%([^%]+)%")]
    private static partial Regex SettingReference();
}
