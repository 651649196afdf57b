using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;

namespace MarketplaceWebhook.Benchmarks.Macro;

/// <summary>
/// A program that is called directly, without a Functions host. It listens on the port of FUNCTIONS_CUSTOMHANDLER_PORT.
/// </summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private static readonly Uri ReceivePath = new("api/cyclr/marketplace", UriKind.Relative);
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(1);

    private readonly MeasuredProgram _program;
    private readonly Process _process;
    private readonly HttpClient _http;
    private string _lastError = "";

    private ServerProcess(MeasuredProgram program, Process process, int port)
    {
        (_program, _process) = (program, process);
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false, PooledConnectionLifetime = Timeout.InfiniteTimeSpan })
        {
            BaseAddress = new Uri($"http://127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}/"),
        };
    }

    /// <summary>Of all processors together, since the process started.</summary>
    public TimeSpan CpuTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>Starts the process, and does not wait until it listens.</summary>
    public static ServerProcess Launch(MeasuredProgram program, string storage)
    {
        var port = FreePort();
        var start = new ProcessStartInfo(program.FileName, program.Arguments)
        {
            WorkingDirectory = program.Directory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // Where the caller's environment sends telemetry is not part of a measurement.
        foreach (var name in start.Environment.Keys.Where(
            k => k.StartsWith("OTEL_", StringComparison.Ordinal)
                || k.StartsWith("APPLICATIONINSIGHTS_", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name);
        }

        start.Environment["FUNCTIONS_CUSTOMHANDLER_PORT"] = port.ToString(CultureInfo.InvariantCulture);
        start.Environment["AzureWebJobsStorage"] = storage;
        start.Environment["NODE_ENV"] = "production";
        var process = new Process { StartInfo = start };
        var server = new ServerProcess(program, process, port);
        // The output is read as the Functions host reads it, and discarded.
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, line) => server._lastError = line.Data ?? server._lastError;
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return server;
    }

    /// <summary>Posts until the program listens.</summary>
    /// <exception cref="InvalidOperationException">The program exited, did not listen in time, or did not respond with
    /// success.</exception>
    public async Task WaitForFirstResponseAsync(byte[] body, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                await PostAsync(body, cancellationToken);
                return;
            }
            catch (
                HttpRequestException e) when (
                    e.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionRefused })
            {
                if (_process.HasExited || Stopwatch.GetElapsedTime(started) > StartTimeout)
                {
                    throw new InvalidOperationException($"The {_program.Name} does not listen. {_lastError}", e);
                }

                await Task.Delay(Pause, cancellationToken);
            }
        }
    }

    /// <exception cref="HttpRequestException">The response was not a success.</exception>
    public async Task PostAsync(byte[] body, CancellationToken cancellationToken)
    {
        using var content = new ByteArrayContent(body)
        {
            Headers = { ContentType = new MediaTypeHeaderValue("application/json") },
        };
        using var response = await _http.PostAsync(ReceivePath, content, cancellationToken);
        response.EnsureSuccessStatusCode();
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception)
        {
            // It has exited.
        }

        _process.Dispose();
        _http.Dispose();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
