using MarketplaceWebhook.Cli.LocalHost.App;

namespace MarketplaceWebhook.Cli.LocalHost.Handling;

/// <summary>The handler, kept running: whenever its process ends, however it ends, another is started.</summary>
internal sealed class Handler(
    FunctionApp app,
    IReadOnlyDictionary<string, string?> environment,
    TimeSpan listenDeadline,
    TimeProvider time,
    Action<HostEvent> observe)
    : IAsyncDisposable
{
    /// <summary>As long as the Functions host waits.</summary>
    public static readonly TimeSpan UsualListenDeadline = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    private readonly HttpClient http = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false });
    private readonly CancellationTokenSource stopping = new();
    private readonly CrashCount crashes = new(time);
    private TaskCompletionSource<HandlerProcess> listening = NewCompletion();
    private HandlerProcess? current;
    private HandlerProcess? killedByHost;
    private Task running = Task.CompletedTask;

    public int? ProcessId => current?.Id;

    /// <exception cref="UserErrorException">It cannot be started, ended at once, or did not listen in time.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var process = current = HandlerProcess.Start(app, environment, observe);
        if (!await ListenAsync(process, cancellationToken))
        {
            if (!process.HasExited)
            {
                throw new UserErrorException(
                    $"The app did not answer on FUNCTIONS_CUSTOMHANDLER_PORT within {listenDeadline.TotalSeconds:0} s: "
                    + "the Functions host would give it up.");
            }

            await process.WaitForExitAsync(cancellationToken);
            throw new UserErrorException(
                $"The app ended with exit code {process.ExitCode} before it listened; its own lines above say why.");
        }

        running = KeepRunningAsync(process);
    }

    /// <summary>The process that listens, waiting for the next one while there is none.</summary>
    public async Task<HandlerProcess> ListeningAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var completion = Volatile.Read(ref listening);
            var process = await completion.Task.WaitAsync(cancellationToken);
            if (!process.HasExited)
                return process;

            Expire(completion);
        }
    }

    /// <summary>Kills the process, without a signal as the host does, and has the next one started.</summary>
    public void Restart(HandlerProcess process, string reason)
    {
        if (Interlocked.Exchange(ref killedByHost, process) == process || process.HasExited)
            return;

        observe(new HandlerRestarted(process.Id, reason));
        process.Kill();
    }

    /// <summary>From now on an exit is no crash: Ctrl+C in a terminal reaches the handler as well as this process.</summary>
    public Task StopRestartingAsync() => stopping.CancelAsync();

    public async ValueTask DisposeAsync()
    {
        await StopRestartingAsync();
        current?.Kill();
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        current?.Kill();
        http.Dispose();
        stopping.Dispose();
    }

    private async Task KeepRunningAsync(HandlerProcess process)
    {
        var failedStarts = 0;
        while (true)
        {
            await process.WaitForExitAsync(stopping.Token);
            if (stopping.IsCancellationRequested)
                return;

            Expire(Volatile.Read(ref listening));
            if (killedByHost != process)
                observe(new HandlerExited(process.Id, process.ExitCode, crashes.Add(process.ExitCode)));
            if (failedStarts > 0)
                await Task.Delay(Pause(failedStarts), time, stopping.Token);

            process = current = await StartAgainAsync();
            failedStarts = await ListenAsync(process, stopping.Token) ? 0 : failedStarts + 1;
            if (failedStarts > 0)
                Restart(process, $"it did not answer within {listenDeadline.TotalSeconds:0} s");
        }
    }

    // The executable may be away for a moment: it is being built anew.
    private async Task<HandlerProcess> StartAgainAsync()
    {
        for (var attempts = 1; ; attempts++)
        {
            try
            {
                return HandlerProcess.Start(app, environment, observe);
            }
            catch (UserErrorException exception)
            {
                observe(new HandlerNotStarted(exception.Message));
                await Task.Delay(Pause(attempts), time, stopping.Token);
            }
        }
    }

    private void Expire(TaskCompletionSource<HandlerProcess> completion)
    {
        if (completion.Task.IsCompleted)
            Interlocked.CompareExchange(ref listening, NewCompletion(), completion);
    }

    private async Task<bool> ListenAsync(HandlerProcess process, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        using var deadline = new CancellationTokenSource(listenDeadline, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken, stopping.Token);
        try
        {
            if (!await process.WaitUntilListeningAsync(http, either.Token))
                return false;
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            return false;
        }

        observe(new HandlerListening(process.Id, time.GetElapsedTime(started)));
        listening.TrySetResult(process);
        return true;
    }

    private static TimeSpan Pause(int failedStarts) =>
        TimeSpan.FromSeconds(Math.Min(Math.Pow(2, failedStarts - 1), LongestPause.TotalSeconds));

    private static TaskCompletionSource<HandlerProcess> NewCompletion() =>
        new(TaskCreationOptions.RunContinuationsAsynchronously);
}
