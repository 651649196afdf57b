using System.Net.Sockets;
using System.Text;

namespace MarketplaceWebhook.EndToEndTests.LocalHost.Fakes;

/// <summary>HTTP by hand, for what a client library would put right.</summary>
internal sealed class RawConnection : IDisposable
{
    private readonly TcpClient _tcp = new();

    public static async Task<RawConnection> OpenAsync(Uri server)
    {
        var connection = new RawConnection();
        await connection._tcp.ConnectAsync(server.Host, server.Port, Cancellation);
        return connection;
    }

    public Task SendAsync(string text) =>
        _tcp.GetStream().WriteAsync(Encoding.Latin1.GetBytes(text), Cancellation).AsTask();

    /// <summary>What comes up to and with this text.</summary>
    public async Task<string> ReadUntilAsync(string end)
    {
        var read = new StringBuilder();
        var one = new byte[1];
        while (!read.ToString().EndsWith(end, StringComparison.Ordinal))
        {
            if (await _tcp.GetStream().ReadAsync(one, Cancellation) == 0)
            {
                throw new EndOfStreamException($"The connection ended after: {read}");
            }

            read.Append((char)one[0]);
        }

        return read.ToString();
    }

    public async Task<string> ReadToEndAsync()
    {
        using var reader = new StreamReader(_tcp.GetStream(), Encoding.Latin1);
        return await reader.ReadToEndAsync(Cancellation);
    }

    public void Dispose() => _tcp.Dispose();
}
