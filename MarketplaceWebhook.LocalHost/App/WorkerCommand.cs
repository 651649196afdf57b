using System.Text.Json;
using Microsoft.Extensions.Configuration;

namespace MarketplaceWebhook.LocalHost.App;

/// <summary>How the process of an app is started.</summary>
/// <param name="ExecutablePath">In the app's folder, or a program on the PATH.</param>
public sealed record WorkerCommand(string ExecutablePath, IReadOnlyList<string> Arguments)
{
    /// <summary>From <c>worker.config.json</c>, which the SDK of an isolated worker writes.</summary>
    /// <exception cref="LocalHostException">The file is missing or invalid.</exception>
    public static WorkerCommand ReadWorkerConfig(string appDirectory)
    {
        var path = Path.Combine(appDirectory, "worker.config.json");
        if (!File.Exists(path))
        {
            throw new LocalHostException(
                $"{path} is missing, and host.json has no customHandler: specify the folder of a built function app.");
        }

        try
        {
            using var stream = File.OpenRead(path);
            var description = new ConfigurationBuilder().AddJsonStream(stream).Build().GetSection("description");
            return new WorkerCommand(
                Required(description, "defaultExecutablePath").Replace("{WorkerRoot}", "", StringComparison.Ordinal),
                [
                    .. description.GetSection("arguments").Get<string[]>() ?? [],
                    Path.GetFullPath(Path.Combine(appDirectory, Required(description, "defaultWorkerPath"))),
                ]);
        }
        catch (
            Exception exception) when (exception is FormatException or InvalidOperationException or IOException or JsonException)
        {
            throw new LocalHostException($"{path} cannot be used: {exception.Message.ReplaceLineEndings(" ")}", exception);
        }
    }

    /// <summary>From the section <c>customHandler.description</c> of host.json.</summary>
    internal static WorkerCommand ReadCustomHandler(IConfiguration customHandler) => new(
        customHandler["description:defaultExecutablePath"] is { Length: > 0 } executable
            ? executable
            : throw new FormatException("customHandler.description.defaultExecutablePath is missing."),
        [
            .. customHandler.GetSection("description:arguments").Get<string[]>() ?? [],
            .. customHandler["description:defaultWorkerPath"] is { Length: > 0 } worker ? (string[])[worker] : [],
        ]);

    private static string Required(IConfiguration description, string name) =>
        description[name] is { Length: > 0 } value ? value : throw new FormatException($"description.{name} is missing.");
}
