using MarketplaceWebhook.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Trace;

namespace MarketplaceWebhook.CustomHandler;

/// <summary>A span for every caller's request. Queue messages have the span of the projection instead.</summary>
internal static class RequestTraces
{
    public static void AddRequestTraces(this WebApplicationBuilder builder)
    {
        if (!TelemetrySettings.Read(builder.Configuration).IsExporting)
        {
            return;
        }

        builder.Services.AddOpenTelemetry().WithTracing(tracing => tracing.AddAspNetCoreInstrumentation(options =>
        {
            options.Filter = context => context.Request.Path.StartsWithSegments(Endpoints.HttpPrefix);
            // The query holds the function key (?code=), and callers may paste it into the path: record the route only.
            options.EnrichWithHttpRequest = (span, _) => span.SetTag("url.query", null);
            options.EnrichWithHttpResponse = (span, _) => span.SetTag("url.path", span.GetTagItem("http.route"));
        }));
    }
}
