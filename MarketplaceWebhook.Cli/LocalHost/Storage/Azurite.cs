using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using MarketplaceWebhook.Telemetry;

namespace MarketplaceWebhook.Cli.LocalHost.Storage;

/// <summary>A running Azurite, the storage emulator, for `dev` and for the tests.</summary>
public sealed partial class Azurite : IAsyncDisposable
{
    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopDeadline = TimeSpan.FromSeconds(30);

    private readonly Process process;
    private readonly Dictionary<string, Uri> endpoints = [];
    private readonly TaskCompletionSource listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string lastError = "";

    private Azurite(Process process) => this.process = process;

    public int ProcessId => process.Id;

    public bool HasExited => process.HasExited;

    public Uri BlobEndpoint => endpoints["Blob"];

    public Uri QueueEndpoint => endpoints["Queue"];

    public Uri TableEndpoint => endpoints["Table"];

    /// <summary>
    /// Starts Azurite, installing it first where that was not done yet, and waits until its three services listen.
    /// </summary>
    /// <exception cref="UserErrorException">Node is missing, the installation failed, or a port is taken.</exception>
    public static async Task<Azurite> StartAsync(AzuriteOptions options, CancellationToken cancellationToken)
    {
        var modules = await NpmPackages.EnsureInstalledAsync(options.Report, cancellationToken);
        var script = Path.Combine(modules, "azurite", "dist", "src", "azurite.js");
        var azurite = new Azurite(new Process { StartInfo = StartInfo(script, options) });
        try
        {
            azurite.Start();
            await azurite.listening.Task.WaitAsync(StartDeadline, cancellationToken);
            return azurite;
        }
        catch (Exception exception)
        {
            await azurite.DisposeAsync();
            if (exception is TimeoutException)
                throw new UserErrorException(
                    $"Azurite did not listen within {StartDeadline.TotalSeconds:0} s. {azurite.lastError}".TrimEnd());
            throw;
        }
    }

    public string ConnectionString(AzuriteAccount account) =>
        $"DefaultEndpointsProtocol=http;AccountName={account.Name};AccountKey={account.Key};" +
        $"BlobEndpoint={BlobEndpoint}{account.Name};QueueEndpoint={QueueEndpoint}{account.Name};" +
        $"TableEndpoint={TableEndpoint}{account.Name};";

    /// <summary>
    /// Asks Azurite to end and waits for it: killed hard, it forgets some seconds of writes that it acknowledged.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (listening.Task.IsCompletedSuccessfully && !process.HasExited)
        {
            if (OperatingSystem.IsWindows())
                process.StandardInput.Close();
            else
                PosixSignals.Terminate(process.Id);

            using var deadline = new CancellationTokenSource(StopDeadline);
            await process.WaitForExitAsync(deadline.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        Kill();
        process.Dispose();
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
            start.ArgumentList.Add(argument);

        start.Environment["AZURITE_ACCOUNTS"] = options.Accounts is []
            ? null
            : string.Join(';', options.Accounts.Select(a => $"{a.Name}:{a.Key}"));
        return start;

        static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);
    }

    private void Start()
    {
        process.OutputDataReceived += (_, line) => ReadLine(line.Data);
        process.ErrorDataReceived += (_, line) => lastError = line.Data is { Length: > 0 } text
            ? SafeText.Of(text, 200)
            : lastError;
        process.EnableRaisingEvents = true;
        process.Exited += (_, _) =>
        {
            process.WaitForExit(); // until its last lines are read
            listening.TrySetException(new UserErrorException(
                lastError.Contains("EADDRINUSE", StringComparison.Ordinal)
                    ? $"Azurite cannot start, a port is taken by another program: {lastError}. "
                        + "End that program, or name a storage in AzureWebJobsStorage."
                    : $"Azurite ended as it started: {lastError}"));
        };
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    private void ReadLine(string? line)
    {
        if (line is null || ListeningLine().Match(line) is not { Success: true } match)
            return;

        lock (endpoints)
        {
            endpoints[match.Groups[1].Value] = new Uri(match.Groups[2].Value);
            if (endpoints.Count == 3)
                listening.TrySetResult();
        }
    }

    private void Kill()
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It has ended, or was never started.
        }
    }

    [GeneratedRegex("^Azurite (Blob|Queue|Table) service is successfully listening at (http://\\S+)$")]
    private static partial Regex ListeningLine();
}
