using System.Net.Http.Headers;

namespace MarketplaceWebhook.LocalHost.Workers.CustomHandler;

/// <summary>Headers that identify the host and the invocation to a custom handler.</summary>
internal static class HostHeaders
{
    public const string UserAgent = $"Azure-Functions-Host/{WorkerProcess.HostVersion}";

    public static void Set(HttpRequestHeaders headers)
    {
        Replace(headers, "X-Azure-Functions-InvocationId", Guid.NewGuid().ToString());
        Replace(headers, "X-Azure-Functions-HostVersion", WorkerProcess.HostVersion);
    }

    private static void Replace(HttpRequestHeaders headers, string name, string value)
    {
        headers.Remove(name);
        headers.Add(name, value);
    }
}
