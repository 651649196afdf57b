using System.Net;
using System.Net.Sockets;

namespace MarketplaceWebhook.EndToEndTests.Support;

internal static class Ports
{
    /// <returns>A port of the loopback address that nothing listens on now.</returns>
    public static int FindFree()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
