using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using MarketplaceWebhook.Cli.LocalHost.App;

namespace MarketplaceWebhook.Cli.LocalHost.Handling;

/// <summary>One run of the handler's executable, on a port of its own.</summary>
internal sealed class HandlerProcess : IDisposable
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(250);

    private readonly Process process;

    private HandlerProcess(Process process, int port)
    {
        this.process = process;
        Port = port;
        Address = $"http://127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}/";
    }

    public int Id => process.Id;

    public int Port { get; }

    /// <summary>With a trailing slash.</summary>
    public string Address { get; }

    public bool HasExited => process.HasExited;

    public int ExitCode => process.ExitCode;

    /// <exception cref="UserErrorException">The executable cannot be started.</exception>
    public static HandlerProcess Start(
        FunctionApp app, IReadOnlyDictionary<string, string?> environment, Action<HostEvent> observe)
    {
        var port = FreePort();
        var process = new Process { StartInfo = StartInfo(app, environment, port) };
        process.OutputDataReceived += (_, line) => Pass(line.Data, isError: false);
        process.ErrorDataReceived += (_, line) => Pass(line.Data, isError: true);
        try
        {
            process.Start();
        }
        catch (Win32Exception exception)
        {
            process.Dispose();
            throw new UserErrorException(
                $"The app's executable {process.StartInfo.FileName} cannot be started: {exception.Message}. "
                + "Build the app, or name its folder.",
                exception);
        }

        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        observe(new HandlerStarted(process.Id, port));
        return new HandlerProcess(process, port);

        void Pass(string? line, bool isError)
        {
            if (line is not null)
                observe(new HandlerWrote(line, isError));
        }
    }

    /// <summary>Asks <c>GET /</c> until any HTTP answer comes.</summary>
    /// <returns>False where the process ended first.</returns>
    public async Task<bool> WaitUntilListeningAsync(HttpClient http, CancellationToken cancellationToken)
    {
        while (!process.HasExited)
        {
            try
            {
                using var answer = await http.GetAsync(
                    new Uri(Address), HttpCompletionOption.ResponseHeadersRead, cancellationToken);
                return true;
            }
            catch (HttpRequestException)
            {
                await Task.Delay(Poll, cancellationToken);
            }
        }

        return false;
    }

    /// <summary>Until it ended and its last lines are read.</summary>
    public Task WaitForExitAsync(CancellationToken cancellationToken) => process.WaitForExitAsync(cancellationToken);

    /// <summary>Whether it is ending: its sockets close a moment before that is known.</summary>
    public async Task<bool> EndsSoonAsync(CancellationToken cancellationToken)
    {
        using var moment = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        moment.CancelAfter(Moment);
        await process.WaitForExitAsync(moment.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return process.HasExited;
    }

    public void Kill()
    {
        if (!process.HasExited)
            process.Kill(entireProcessTree: true);
    }

    public void Dispose() => process.Dispose();

    private static ProcessStartInfo StartInfo(FunctionApp app, IReadOnlyDictionary<string, string?> environment, int port)
    {
        // A path that is not in the app is looked up on the PATH, as the host does ("node", "dotnet").
        var inApp = Path.Combine(app.Directory, app.Host.ExecutablePath);
        var start = new ProcessStartInfo(File.Exists(inApp) ? inApp : app.Host.ExecutablePath, app.Host.Arguments)
        {
            WorkingDirectory = app.Directory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            CreateNoWindow = true,
        };

        var id = Guid.NewGuid().ToString();
        var text = port.ToString(CultureInfo.InvariantCulture);
        (string Name, string? Value)[] own =
        [
            ("FUNCTIONS_CUSTOMHANDLER_PORT", text),
            ("FUNCTIONS_CUSTOMHANDLER_WORKER_ID", id),
            ("FUNCTIONS_APP_ROOT_PATH", app.Directory),
            ("FUNCTIONS_HTTPWORKER_PORT", text),
            ("FUNCTIONS_HTTPWORKER_ID", id),
        ];
        foreach (var (name, value) in environment.Select(setting => (setting.Key, setting.Value)).Concat(own))
            start.Environment[name] = value;
        return start;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
