using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace MarketplaceWebhook.Runtimes;

/// <summary>
/// The application as a custom handler: a web server on loopback that the Functions host calls.
/// Source: https://learn.microsoft.com/azure/azure-functions/functions-custom-handlers
/// </summary>
internal static class Runtime
{
    private const string PortSetting = "FUNCTIONS_CUSTOMHANDLER_PORT";

    /// <summary>The host starts a handler again after this exit code, and does not count it as a crash. After 0 it never would.</summary>
    private const int StoppedFromOutside = 200;

    /// <exception cref="SettingsException">Not started by a Functions host.</exception>
    public static WebApplicationBuilder CreateBuilder(string[] args)
    {
        if (!int.TryParse(Environment.GetEnvironmentVariable(PortSetting), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            || port is 0 or > IPEndPoint.MaxPort)
        {
            throw new SettingsException(
                $"{PortSetting} is not set: this program is started by a Functions host. "
                + "Run `dotnet run --project MarketplaceWebhook.Cli -- dev`, or `func start`.");
        }

        DebuggerWait.IfAsked();
        var builder = WebApplication.CreateSlimBuilder(args);
        // Everything that arrives has passed the host's key check: nobody else may reach this port.
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        // Its Information lines repeat the URL, and with it the key.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.Warning);
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        // The host takes every line of the output for a message of its own.
        builder.Services.Configure<SimpleConsoleFormatterOptions>(console => console.SingleLine = true);
        builder.Services.AddRoutingCore();
        builder.AddRequestTraces();
        return builder;
    }

    public static async Task<int> RunAsync(WebApplicationBuilder builder)
    {
        await using var app = builder.Build();
        app.MapFunctions();
        await app.RunAsync();
        return StoppedFromOutside;
    }
}
