using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using SampleWorker;

switch (Environment.GetEnvironmentVariable("SAMPLE_START"))
{
    case "exit":
        Console.Error.WriteLine("The sample exits.");
        return 3;
    case "hang":
        Thread.Sleep(Timeout.Infinite);
        break;
}

var builder = FunctionsApplication.CreateBuilder(args);
if (Environment.GetEnvironmentVariable("SAMPLE_START") != "without-server")
{
    builder.ConfigureFunctionsWebApplication();
}

if (Environment.GetEnvironmentVariable("SAMPLE_HTTP_DELAY") is { } delay)
{
    builder.Services.AddSingleton<IStartupFilter>(new DelayedListening(TimeSpan.Parse(delay)));
}

builder.Build().Run();
return 0;

namespace SampleWorker
{
    /// <summary>The functions are loaded while the HTTP server does not listen yet.</summary>
    internal sealed class DelayedListening(TimeSpan delay) : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next)
        {
            Thread.Sleep(delay);
            return next;
        }
    }
}
