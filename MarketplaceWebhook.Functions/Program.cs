using MarketplaceWebhook;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Telemetry;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Hosting;

try
{
    var builder = FunctionsApplication.CreateBuilder(args);
    // Before ASP.NET Core's, so that it runs after the response was written.
    builder.UseMiddleware<WrittenResultMiddleware>();
    builder.ConfigureFunctionsWebApplication();
    builder.UseMiddleware<FailureTextMiddleware>();
    builder.AddWorkerTelemetry();
    builder.AddMarketplaceWebhook();
    await builder.Build().RunAsync();
    return 0;
}
catch (SettingsException e)
{
    await Console.Error.WriteLineAsync(e.Message);
    return 1;
}
catch (InvalidOperationException e) when (e.Message.Contains("Functions:Worker:HostEndpoint", StringComparison.Ordinal))
{
    await Console.Error.WriteLineAsync(
        "This program is started by a Functions host. Run `dotnet run --project MarketplaceWebhook.Cli -- dev`, or `func start`.");
    return 1;
}
