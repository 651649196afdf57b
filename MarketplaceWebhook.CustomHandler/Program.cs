using System.Globalization;
using System.Net;
using MarketplaceWebhook;
using MarketplaceWebhook.CustomHandler;
using MarketplaceWebhook.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

const string PortSetting = "FUNCTIONS_CUSTOMHANDLER_PORT";
// The host starts a handler again after this exit code, and does not count it as a crash. After 0 it never would.
const int StoppedFromOutside = 200;

try
{
    if (!int.TryParse(
        Environment.GetEnvironmentVariable(PortSetting), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
        || port is 0 or > IPEndPoint.MaxPort)
    {
        throw new SettingsException(
            $"{PortSetting} is not set. This program is started by a Functions host. "
            + "Run `dotnet run --project MarketplaceWebhook.Cli -- dev --app DIR`, or `func start`.");
    }

    DebuggerWait.IfRequested();
    var builder = WebApplication.CreateSlimBuilder(args);
    // Everything that arrives has passed the host's key check: nothing else may reach this port.
    builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
    // The host logs every line of the output as a message of its own.
    builder.Services.Configure<SimpleConsoleFormatterOptions>(console => console.SingleLine = true);
    // The handler's own address is of no use to anyone who reads the host's log.
    builder.Logging.AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Warning);
    builder.Services.AddRoutingCore();
    builder.AddMarketplaceWebhook();
    builder.AddRequestTraces();

    await using var app = builder.Build();
    app.MapFunctions();
    await app.RunAsync();
    return StoppedFromOutside;
}
catch (SettingsException e)
{
    await Console.Error.WriteLineAsync(e.Message);
    return 1;
}
