using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Configuration;

namespace MarketplaceWebhook.LocalHost.App;

/// <summary>
/// The settings in host.json, with the defaults of the Functions host. Settings named <c>AzureFunctionsJobHost__…</c> override
/// them.
/// </summary>
public sealed record HostSettings
{
    /// <summary>Null for an isolated worker.</summary>
    public required CustomHandlerSettings? CustomHandler { get; init; }

    public required string RoutePrefix { get; init; }

    /// <summary>Infinite if host.json says -1.</summary>
    public required TimeSpan FunctionTimeout { get; init; }

    public required QueueSettings Queues { get; init; }

    public required LogLevelSettings LogLevels { get; init; }

    /// <exception cref="LocalHostException">host.json is missing or invalid, or needs features that this host lacks.</exception>
    public static HostSettings Read(string appDirectory, IConfiguration settings)
    {
        var path = Path.Combine(appDirectory, "host.json");
        if (!File.Exists(path))
        {
            throw new LocalHostException($"{path} is missing: specify the folder of a built function app.");
        }

        try
        {
            using var stream = File.OpenRead(path);
            return Read(new ConfigurationBuilder()
                .AddJsonStream(stream)
                .AddConfiguration(settings.GetSection("AzureFunctionsJobHost"))
                .Build());
        }
        catch (
            Exception exception) when (exception is FormatException or InvalidOperationException or IOException or JsonException)
        {
            throw new LocalHostException($"{path} cannot be used: {exception.Message.ReplaceLineEndings(" ")}", exception);
        }
    }

    private static HostSettings Read(IConfiguration host) => new()
    {
        CustomHandler = host.GetSection("customHandler") is var handler && handler.Exists() ? ReadCustomHandler(handler) : null,
        RoutePrefix = host["extensions:http:routePrefix"] ?? "api",
        FunctionTimeout = host["functionTimeout"] switch
        {
            null => TimeSpan.FromMinutes(30),
            "-1" => Timeout.InfiniteTimeSpan,
            var text => TimeSpan.Parse(text, CultureInfo.InvariantCulture),
        },
        Queues = QueueSettings.Read(host.GetSection("extensions:queues")),
        LogLevels = LogLevelSettings.Read(host.GetSection("logging:logLevel")),
    };

    private static CustomHandlerSettings ReadCustomHandler(IConfigurationSection handler) =>
        handler.GetValue<bool>("enableForwardingHttpRequest")
            ? new CustomHandlerSettings(
                WorkerCommand.ReadCustomHandler(handler), handler.GetValue<bool>("enableProxyingHttpRequest"))
            : throw new FormatException(
                "customHandler.enableForwardingHttpRequest is not true: this host supports nothing else.");
}
