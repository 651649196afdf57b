using System.Net.Http.Headers;

namespace MarketplaceWebhook.Cli.LocalHost;

/// <summary>What the host says of itself to the handler.</summary>
internal static class HostHeaders
{
    public const string UserAgent = $"Azure-Functions-Host/{Version}";

    // The host that this one was compared with.
    private const string Version = "4.1037.0.0";

    public static void Set(HttpRequestHeaders headers)
    {
        Replace(headers, "X-Azure-Functions-InvocationId", Guid.NewGuid().ToString());
        Replace(headers, "X-Azure-Functions-HostVersion", Version);
    }

    private static void Replace(HttpRequestHeaders headers, string name, string value)
    {
        headers.Remove(name);
        headers.Add(name, value);
    }
}
