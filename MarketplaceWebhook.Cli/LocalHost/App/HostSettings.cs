using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace MarketplaceWebhook.Cli.LocalHost.App;

/// <summary>
/// What host.json says, with the defaults of the Functions host; settings named <c>AzureFunctionsJobHost__…</c> win.
/// </summary>
public sealed record HostSettings
{
    public required string ExecutablePath { get; init; }

    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary>Without it the host answers a chunked request body with 500.</summary>
    public required bool ProxiesHttpRequests { get; init; }

    public required string RoutePrefix { get; init; }

    /// <summary>Infinite where host.json says -1.</summary>
    public required TimeSpan FunctionTimeout { get; init; }

    public required QueueSettings Queues { get; init; }

    /// <exception cref="UserErrorException">host.json is missing or unreadable, or asks for what this host cannot do.</exception>
    public static HostSettings Read(string appDirectory, IConfiguration settings)
    {
        var path = Path.Combine(appDirectory, "host.json");
        if (!File.Exists(path))
            throw new UserErrorException($"{path} is not there: name the folder of a built function app.");

        try
        {
            using var stream = File.OpenRead(path);
            return Read(new ConfigurationBuilder()
                .AddJsonStream(stream)
                .AddConfiguration(settings.GetSection("AzureFunctionsJobHost"))
                .Build());
        }
        catch (Exception exception) when (exception is FormatException or InvalidOperationException or IOException)
        {
            throw new UserErrorException($"{path} cannot be used: {exception.Message}", exception);
        }
    }

    private static HostSettings Read(IConfiguration host)
    {
        var handler = host.GetSection("customHandler");
        if (!handler.GetValue<bool>("enableForwardingHttpRequest"))
            throw new FormatException("customHandler.enableForwardingHttpRequest is not on, and this host does nothing else.");

        return new HostSettings
        {
            ExecutablePath = handler["description:defaultExecutablePath"] is { Length: > 0 } executable
                ? executable
                : throw new FormatException("customHandler.description.defaultExecutablePath is missing."),
            Arguments =
            [
                .. handler.GetSection("description:arguments").Get<string[]>() ?? [],
                .. handler["description:defaultWorkerPath"] is { Length: > 0 } worker ? (string[])[worker] : [],
            ],
            ProxiesHttpRequests = handler.GetValue<bool>("enableProxyingHttpRequest"),
            RoutePrefix = host["extensions:http:routePrefix"] ?? "api",
            FunctionTimeout = host["functionTimeout"] switch
            {
                null => TimeSpan.FromMinutes(30),
                "-1" => Timeout.InfiniteTimeSpan,
                var text => TimeSpan.Parse(text, CultureInfo.InvariantCulture),
            },
            Queues = QueueSettings.Read(host.GetSection("extensions:queues")),
        };
    }
}
