using System.ComponentModel;
using System.Diagnostics;
using Azure.Storage.Queues.Models;
using MarketplaceWebhook.LocalHost.App;
using Microsoft.AspNetCore.Http;

namespace MarketplaceWebhook.LocalHost.Workers;

/// <summary>One run of the app's process, and how this host talks to it.</summary>
internal abstract class WorkerProcess : IAsyncDisposable
{
    /// <summary>The version of the Functions host that this one was compared with.</summary>
    public const string HostVersion = "4.1037.0.0";

    private static readonly TimeSpan ExitDelay = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan KillTimeout = TimeSpan.FromSeconds(5);

    private readonly Process _process;
    private readonly OrphanGuard _guard;
    private readonly TaskCompletionSource _disconnected = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <exception cref="LocalHostException">The executable cannot be started.</exception>
    protected WorkerProcess(ProcessStartInfo start, int port, Action<HostEvent> observe)
    {
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Report(line.Data, isError: false);
        _process.ErrorDataReceived += (_, line) => Report(line.Data, isError: true);
        try
        {
            _process.Start();
        }
        catch (Win32Exception exception)
        {
            throw new LocalHostException(
                $"The app's executable {start.FileName} cannot be started: {exception.Message}. "
                + "Build the app, or specify its folder.",
                exception);
        }

        _guard = OrphanGuard.Start(_process.Id);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        observe(new WorkerStarted(_process.Id, port));

        void Report(string? line, bool isError)
        {
            if (line is not null)
            {
                observe(new WorkerWrote(line, isError));
            }
        }
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public int ExitCode => _process.ExitCode;

    /// <summary>Completes when the process can no longer be called, even if it is still running.</summary>
    public Task Disconnected => _disconnected.Task;

    /// <summary>Waits until the functions can be called.</summary>
    /// <returns>Null if the process exited or disconnected first.</returns>
    /// <exception cref="LocalHostException">The app cannot be used as it is.</exception>
    public abstract Task<IReadOnlyList<IndexedFunction>?> WaitUntilReadyAsync(CancellationToken cancellationToken);

    /// <summary>Sends a request to the function, and its response to the client.</summary>
    public abstract Task<ForwardOutcome> ForwardAsync(
        HttpContext context, HttpFunction function, CancellationToken cancellationToken);

    /// <param name="text">The message text, decoded.</param>
    public abstract Task<DeliveryResult> InvokeAsync(
        QueueFunction function, QueueMessage message, string text, CancellationToken cancellationToken);

    /// <summary>Ends the process.</summary>
    public virtual Task StopAsync()
    {
        Kill();
        return ExitsWithinAsync(KillTimeout, CancellationToken.None);
    }

    /// <summary>Waits until the process has exited and its last lines have been read.</summary>
    public Task WaitForExitAsync(CancellationToken cancellationToken) => _process.WaitForExitAsync(cancellationToken);

    /// <summary>Returns true if the process is ending: its sockets close shortly before its exit is visible.</summary>
    public Task<bool> IsExitingAsync(CancellationToken cancellationToken) => ExitsWithinAsync(ExitDelay, cancellationToken);

    public async Task<bool> ExitsWithinAsync(TimeSpan delay, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(delay);
        await _process.WaitForExitAsync(timeout.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return _process.HasExited;
    }

    public void Kill()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }
    }

    /// <summary>
    /// Releases what belonged to the process, which has exited. Its exit code stays readable: calls that are still running ask
    /// for it.
    /// </summary>
    public virtual ValueTask DisposeAsync()
    {
        _guard.Dispose();
        return ValueTask.CompletedTask;
    }

    protected void Disconnect() => _disconnected.TrySetResult();

    /// <param name="own">Variables that the host itself sets.</param>
    protected static ProcessStartInfo CreateStartInfo(
        FunctionApp app,
        IReadOnlyDictionary<string, string?> environment,
        IEnumerable<(string Name, string? Value)> own,
        IEnumerable<string> moreArguments)
    {
        // A path that is not in the app's folder is looked up on the PATH, as in the Functions host ("node", "dotnet").
        var inApp = Path.Combine(app.Directory, app.Command.ExecutablePath);
        var start = new ProcessStartInfo(
            File.Exists(inApp) ? inApp : app.Command.ExecutablePath, [.. app.Command.Arguments, .. moreArguments])
        {
            WorkingDirectory = app.Directory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            CreateNoWindow = true,
        };
        foreach (var (name, value) in environment.Select(setting => (setting.Key, setting.Value)).Concat(own))
        {
            start.Environment[name] = value;
        }

        LoopbackProxy.Bypass(start.Environment);

        return start;
    }
}
