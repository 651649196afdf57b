using System.Text.Json;
using Microsoft.Extensions.Configuration;

namespace MarketplaceWebhook.Cli.LocalHost.App;

/// <summary>A function app folder: host.json, and a folder with function.json for each function.</summary>
public sealed record FunctionApp
{
    public required string Directory { get; init; }

    public required HostSettings Host { get; init; }

    public required IReadOnlyList<HttpFunction> HttpFunctions { get; init; }

    public required IReadOnlyList<QueueFunction> QueueFunctions { get; init; }

    /// <exception cref="UserErrorException">It is no function app, or holds what this host cannot play.</exception>
    public static FunctionApp Read(string directory, IConfiguration settings)
    {
        RequireFolder(directory);
        var host = HostSettings.Read(directory, settings);
        var functions = System.IO.Directory.EnumerateDirectories(directory)
            .Select(folder => Path.Combine(folder, "function.json"))
            .Where(File.Exists)
            .Order(StringComparer.Ordinal)
            .Select(ReadFunction)
            .ToList();

        if (functions.Count == 0)
            throw new UserErrorException(
                $"{directory} has no folder with a function.json: name the folder of a built function app.");

        return new FunctionApp
        {
            Directory = Path.GetFullPath(directory),
            Host = host,
            HttpFunctions = [.. functions.OfType<HttpFunction>()],
            QueueFunctions = [.. functions.OfType<QueueFunction>()],
        };
    }

    /// <exception cref="UserErrorException">There is no such folder.</exception>
    public static void RequireFolder(string directory)
    {
        if (!System.IO.Directory.Exists(directory))
            throw new UserErrorException($"The folder {directory} is not there: name the folder of a built function app.");
    }

    private static object ReadFunction(string path)
    {
        try
        {
            var name = Path.GetFileName(Path.GetDirectoryName(path))!;
            var file = JsonSerializer.Deserialize<FunctionJson>(File.ReadAllText(path), FunctionJson.Options);
            return file?.Bindings switch
            {
                [{ Type: "httpTrigger" } trigger, { Type: "http", Direction: "out" }] => Http(name, trigger),
                [{ Type: "http", Direction: "out" }, { Type: "httpTrigger" } trigger] => Http(name, trigger),
                [{ Type: "queueTrigger", Name: { } binding, QueueName: { } queue } trigger] =>
                    new QueueFunction(name, binding, queue, trigger.Connection ?? "AzureWebJobsStorage"),
                _ => throw new JsonException(
                    "its bindings are neither one httpTrigger and one http output, nor one queueTrigger."),
            };
        }
        catch (Exception exception) when (exception is JsonException or IOException)
        {
            throw new UserErrorException($"{path} cannot be used: {exception.Message}", exception);
        }
    }

    private static HttpFunction Http(string name, FunctionJson.Binding trigger) =>
        new(name, (trigger.Route ?? name).TrimStart('/'), trigger.Methods ?? [], trigger.AuthLevel);
}
