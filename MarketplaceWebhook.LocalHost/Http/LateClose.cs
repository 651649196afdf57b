using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace MarketplaceWebhook.LocalHost.Http;

/// <summary>
/// The web server learns some seconds later that a client closed its connection. From that moment on it refuses to read a body
/// that it has received in full, and a caller that sent a notification and disconnected may never send it again.
/// </summary>
internal static class LateClose
{
    private static readonly TimeSpan Delay = TimeSpan.FromSeconds(2);

    public static void UseLateClose(this ListenOptions listen) => listen.Use(next => connection => RunAsync(next, connection));

    private static async Task RunAsync(ConnectionDelegate next, ConnectionContext connection)
    {
        var transport = connection.Transport;
        var received = new Pipe();
        using var closed = new CancellationTokenSource();
        using var ended = new CancellationTokenSource();
        connection.Transport = new DuplexPipe(received.Reader, transport.Output);
        connection.ConnectionClosed = closed.Token;
        var receiving = ReceiveAsync(transport.Input, received.Writer, closed, ended.Token);
        try
        {
            await next(connection);
        }
        finally
        {
            await ended.CancelAsync();
            await received.Reader.CompleteAsync();
            await receiving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            connection.Transport = transport;
        }
    }

    private static async Task ReceiveAsync(
        PipeReader input, PipeWriter received, CancellationTokenSource closed, CancellationToken ended)
    {
        Exception? failure = null;
        try
        {
            while (true)
            {
                var read = await input.ReadAsync(ended);
                foreach (var segment in read.Buffer)
                {
                    received.Write(segment.Span);
                }

                input.AdvanceTo(read.Buffer.End);
                var written = await received.FlushAsync(ended);
                if (written.IsCompleted)
                {
                    return;
                }

                if (read.IsCompleted)
                {
                    break;
                }
            }

            await Task.Delay(Delay, ended);
        }
        catch (IOException exception)
        {
            failure = exception;
        }
        finally
        {
            await received.CompleteAsync(failure);
        }

        await closed.CancelAsync();
    }

    private sealed class DuplexPipe(PipeReader input, PipeWriter output) : IDuplexPipe
    {
        public PipeReader Input => input;

        public PipeWriter Output => output;
    }
}
