using MarketplaceWebhook.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Trace;

namespace MarketplaceWebhook.Runtimes;

/// <summary>A span for every request of a caller. The host's own calls for queue messages have the span of the projection.</summary>
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
            options.Filter = context => context.Request.Path.StartsWithSegments(Functions.HttpPrefix);
            // The function key stands in the query, as ?code=, and may have been pasted into the path: the route says enough.
            options.EnrichWithHttpRequest = (span, _) => span.SetTag("url.query", null);
            options.EnrichWithHttpResponse = (span, _) => span.SetTag("url.path", span.GetTagItem("http.route"));
        }));
    }
}
