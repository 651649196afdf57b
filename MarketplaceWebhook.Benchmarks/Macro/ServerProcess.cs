using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace MarketplaceWebhook.Benchmarks.Macro;

/// <summary>A program that is measured: it listens on the port of FUNCTIONS_CUSTOMHANDLER_PORT, as the Functions host has it.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(1);

    private readonly Process process;
    private readonly HttpClient http;
    private string lastError = "";

    private ServerProcess(Process process, int port)
    {
        this.process = process;
        http = new HttpClient(new SocketsHttpHandler { UseProxy = false, PooledConnectionLifetime = Timeout.InfiniteTimeSpan })
        {
            // The Functions host waits as long as functionTimeout says.
            Timeout = TimeSpan.FromMinutes(10),
            BaseAddress = new Uri($"http://127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}/"),
        };
    }

    /// <summary>Of all its processors together, since it was started.</summary>
    public TimeSpan CpuTime
    {
        get
        {
            process.Refresh();
            return process.TotalProcessorTime;
        }
    }

    public long PeakMemoryBytes
    {
        get
        {
            process.Refresh();
            return process.PeakWorkingSet64;
        }
    }

    public static ServerProcess Launch(ServerProgram program, string storage, IReadOnlyDictionary<string, string>? settings = null)
    {
        var port = FreePort();
        var start = new ProcessStartInfo(program.FileName, program.Arguments)
        {
            WorkingDirectory = program.Directory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // What the caller's environment exports or traces to is no part of a measurement.
        foreach (var name in start.Environment.Keys.Where(k => k.StartsWith("OTEL_", StringComparison.Ordinal) || k.StartsWith("APPLICATIONINSIGHTS_", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name);
        }

        start.Environment["FUNCTIONS_CUSTOMHANDLER_PORT"] = port.ToString(CultureInfo.InvariantCulture);
        start.Environment["AzureWebJobsStorage"] = storage;
        start.Environment["NODE_ENV"] = "production";
        foreach (var (name, value) in settings ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        var process = new Process { StartInfo = start };
        var server = new ServerProcess(process, port);
        // Its lines are taken off it, as the host does, and thrown away.
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, line) => server.lastError = line.Data ?? server.lastError;
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return server;
    }

    public static async Task<ServerProcess> StartAsync(
        ServerProgram program, string storage, CancellationToken cancellationToken, IReadOnlyDictionary<string, string>? settings = null)
    {
        var server = Launch(program, storage, settings);
        await server.UntilAsync(HttpMethod.Get, "", content: null, cancellationToken);
        return server;
    }

    /// <summary>Posts again and again until the server listens.</summary>
    /// <exception cref="InvalidOperationException">It answered with anything but success.</exception>
    public async Task UntilAcceptedAsync(string path, byte[] body, CancellationToken cancellationToken)
    {
        var status = await UntilAsync(HttpMethod.Post, path, body, cancellationToken);
        if ((int)status is < 200 or > 299)
        {
            throw new InvalidOperationException($"{process.StartInfo.FileName} answered {(int)status} to {path}. {lastError}");
        }
    }

    /// <exception cref="HttpRequestException">It answered with anything but success.</exception>
    public async Task PostAsync(string path, byte[] body, CancellationToken cancellationToken)
    {
        using var answer = await http.PostAsync(new Uri(path, UriKind.Relative), Json(body), cancellationToken);
        answer.EnsureSuccessStatusCode();
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception)
        {
            // It has ended.
        }

        process.Dispose();
        http.Dispose();
    }

    private async Task<HttpStatusCode> UntilAsync(HttpMethod method, string path, byte[]? content, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                using var request = new HttpRequestMessage(method, path) { Content = content is null ? null : Json(content) };
                using var answer = await http.SendAsync(request, cancellationToken);
                return answer.StatusCode;
            }
            catch (HttpRequestException e) when (e.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionRefused })
            {
                if (process.HasExited || Stopwatch.GetElapsedTime(started) > StartDeadline)
                {
                    throw new InvalidOperationException($"{process.StartInfo.FileName} does not listen. {lastError}", e);
                }

                await Task.Delay(Poll, cancellationToken);
            }
        }
    }

    private static ByteArrayContent Json(byte[] body) => new(body) { Headers = { ContentType = new("application/json") } };

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

/// <param name="Directory">Where it runs.</param>
internal sealed record ServerProgram(string Name, string Directory, string FileName, params string[] Arguments);
