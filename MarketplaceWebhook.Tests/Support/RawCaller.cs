using System.Net.Sockets;
using System.Text;

namespace MarketplaceWebhook.Tests.Support;

/// <summary>A caller that writes its own bytes, right or wrong.</summary>
internal sealed class RawCaller : IDisposable
{
    private readonly TcpClient _client = new();
    private NetworkStream _stream = null!;

    public static async Task<RawCaller> OpenAsync(Uri address, CancellationToken cancellationToken)
    {
        var connection = new RawCaller();
        await connection._client.ConnectAsync(address.Host, address.Port, cancellationToken);
        connection._stream = connection._client.GetStream();
        return connection;
    }

    public async Task SendAsync(string head, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        await _stream.WriteAsync(Encoding.ASCII.GetBytes(head.ReplaceLineEndings("\r\n") + "\r\n\r\n"), cancellationToken);
        await _stream.WriteAsync(body, cancellationToken);
    }

    /// <summary>No more will come: what a caller does who hangs up.</summary>
    public void EndSending() => _client.Client.Shutdown(SocketShutdown.Send);

    /// <summary>All that comes until the server closes the connection, in order or not.</summary>
    public async Task<string> ReadToEndAsync(CancellationToken cancellationToken)
    {
        var all = new MemoryStream();
        try
        {
            await _stream.CopyToAsync(all, cancellationToken);
        }
        catch (IOException)
        {
            // A server that is not interested in what else was sent resets the connection.
        }

        return Encoding.UTF8.GetString(all.ToArray());
    }

    public void Dispose() => _client.Dispose();
}
