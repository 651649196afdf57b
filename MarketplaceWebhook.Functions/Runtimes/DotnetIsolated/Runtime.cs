using MarketplaceWebhook.Telemetry;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Azure.Functions.Worker.OpenTelemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MarketplaceWebhook.Runtimes;

/// <summary>
/// The application as an isolated worker: a process that the Functions host drives over gRPC, with HTTP by ASP.NET Core.
/// Source: https://learn.microsoft.com/azure/azure-functions/dotnet-isolated-process-guide
/// </summary>
internal static class Runtime
{
    public static FunctionsApplicationBuilder CreateBuilder(string[] args)
    {
        var builder = FunctionsApplication.CreateBuilder(args);
        builder.ConfigureFunctionsWebApplication();
        // At the level Information it writes every URL, with ?code=.
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        if (TelemetrySettings.Read(builder.Configuration).IsExporting)
        {
            // The host makes the span of a request; the worker continues it.
            builder.Services.AddOpenTelemetry().UseFunctionsWorkerDefaults();
        }

        return builder;
    }

    public static async Task<int> RunAsync(FunctionsApplicationBuilder builder)
    {
        await builder.Build().RunAsync();
        return 0;
    }
}
