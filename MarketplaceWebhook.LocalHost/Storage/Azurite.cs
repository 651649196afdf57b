using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using MarketplaceWebhook.Telemetry;

namespace MarketplaceWebhook.LocalHost.Storage;

/// <summary>A running Azurite, the storage emulator, for `dev` and for the tests.</summary>
public sealed partial class Azurite : IAsyncDisposable
{
    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopDeadline = TimeSpan.FromSeconds(30);

    private readonly Process _process;
    private readonly Dictionary<string, Uri> _endpoints = [];
    private readonly TaskCompletionSource _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly bool _keepsData;
    private string _lastError = "";

    private Azurite(Process process, bool keepsData) => (_process, _keepsData) = (process, keepsData);

    public int ProcessId => _process.Id;

    public bool HasExited => _process.HasExited;

    public Uri BlobEndpoint => _endpoints["Blob"];

    public Uri QueueEndpoint => _endpoints["Queue"];

    public Uri TableEndpoint => _endpoints["Table"];

    /// <summary>
    /// Starts Azurite, installing it first where that was not done yet, and waits until its three services listen.
    /// </summary>
    /// <exception cref="LocalHostException">Node is missing, the installation failed, or a port is taken.</exception>
    public static async Task<Azurite> StartAsync(AzuriteOptions options, CancellationToken cancellationToken)
    {
        var modules = await NpmPackages.EnsureInstalledAsync(options.Report, cancellationToken);
        var script = Path.Combine(modules, "azurite", "dist", "src", "azurite.js");
        var azurite = new Azurite(
            new Process { StartInfo = StartInfo(script, options) }, options.DataDirectory is not null);
        try
        {
            azurite.Start();
            await azurite._listening.Task.WaitAsync(StartDeadline, cancellationToken);
            return azurite;
        }
        catch (Exception exception)
        {
            await azurite.DisposeAsync();
            if (exception is TimeoutException)
            {
                throw new LocalHostException(
                    $"Azurite did not listen within {StartDeadline.TotalSeconds:0} s. {azurite._lastError}".TrimEnd());
            }

            throw;
        }
    }

    public string ConnectionString(AzuriteAccount account) =>
        $"DefaultEndpointsProtocol=http;AccountName={account.Name};AccountKey={account.Key};" +
        $"BlobEndpoint={BlobEndpoint}{account.Name};QueueEndpoint={QueueEndpoint}{account.Name};" +
        $"TableEndpoint={TableEndpoint}{account.Name};";

    /// <summary>
    /// Asks Azurite to end and waits for it: killed hard, it forgets some seconds of writes that it acknowledged. One that keeps
    /// its data in memory is killed, because it waits for the connections that hang.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (_keepsData && _listening.Task.IsCompletedSuccessfully && !_process.HasExited)
        {
            if (OperatingSystem.IsWindows())
            {
                _process.StandardInput.Close();
            }
            else
            {
                PosixSignals.Terminate(_process.Id);
            }

            using var deadline = new CancellationTokenSource(StopDeadline);
            await _process.WaitForExitAsync(deadline.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        Kill();
        _process.Dispose();
    }

    private static ProcessStartInfo StartInfo(string script, AzuriteOptions options)
    {
        var start = new ProcessStartInfo(NodePrograms.Node())
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            CreateNoWindow = true,
        };
        string[] arguments =
        [
            "--require", Path.Combine(AppContext.BaseDirectory, "azurite", "azurite-lifeline.cjs"), script,
            "--silent", "--disableTelemetry", "--skipApiVersionCheck",
            "--blobPort", Text(options.BlobPort), "--queuePort", Text(options.QueuePort), "--tablePort", Text(options.TablePort),
        ];
        foreach (var argument in arguments.Concat(options.DataDirectory is { } data
            ? ["--location", data]
            : ["--inMemoryPersistence"]))
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["AZURITE_ACCOUNTS"] = options.Accounts is []
            ? null
            : string.Join(';', options.Accounts.Select(a => $"{a.Name}:{a.Key}"));
        return start;

        static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);
    }

    private void Start()
    {
        _process.OutputDataReceived += (_, line) => ReadLine(line.Data);
        _process.ErrorDataReceived += (_, line) => _lastError = line.Data is { Length: > 0 } text
            ? SafeText.Of(text, 200)
            : _lastError;
        _process.EnableRaisingEvents = true;
        _process.Exited += (_, _) =>
        {
            _process.WaitForExit(); // until its last lines are read
            _listening.TrySetException(new LocalHostException(
                _lastError.Contains("EADDRINUSE", StringComparison.Ordinal)
                    ? $"Azurite cannot start, a port is taken by another program: {_lastError}. "
                        + "End that program, or name a storage in AzureWebJobsStorage."
                    : $"Azurite ended as it started: {_lastError}"));
        };
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    private void ReadLine(string? line)
    {
        if (line is null || ListeningLine().Match(line) is not { Success: true } match)
        {
            return;
        }

        lock (_endpoints)
        {
            _endpoints[match.Groups[1].Value] = new Uri(match.Groups[2].Value);
            if (_endpoints.Count == 3)
            {
                _listening.TrySetResult();
            }
        }
    }

    private void Kill()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It has ended, or was never started.
        }
    }

    [GeneratedRegex("^Azurite (Blob|Queue|Table) service is successfully listening at (http://\\S+)$")]
    private static partial Regex ListeningLine();
}
