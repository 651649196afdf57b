using Microsoft.Extensions.Configuration;

namespace MarketplaceWebhook.LocalHost.App;

/// <summary>The folder of a built function app: an isolated worker, or a custom handler.</summary>
public sealed record FunctionApp
{
    public required string Directory { get; init; }

    public required HostSettings Host { get; init; }

    public required WorkerCommand Command { get; init; }

    /// <exception cref="LocalHostException">The folder is not a function app, or needs features that this host lacks.</exception>
    public static FunctionApp Read(string directory, IConfiguration settings)
    {
        RequireFolder(directory);
        var host = HostSettings.Read(directory, settings);
        return new FunctionApp
        {
            Directory = Path.GetFullPath(directory),
            Host = host,
            Command = host.CustomHandler?.Command ?? WorkerCommand.ReadWorkerConfig(directory),
        };
    }

    /// <exception cref="LocalHostException">The folder does not exist.</exception>
    public static void RequireFolder(string directory)
    {
        if (!System.IO.Directory.Exists(directory))
        {
            throw new LocalHostException($"The folder {directory} does not exist: specify the folder of a built function app.");
        }
    }
}
