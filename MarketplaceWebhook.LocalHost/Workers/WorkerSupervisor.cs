using System.Text;
using Azure.Storage.Queues.Models;
using MarketplaceWebhook.LocalHost.App;
using Microsoft.AspNetCore.Http;

namespace MarketplaceWebhook.LocalHost.Workers;

/// <summary>
/// Keeps the app running: whenever its process exits, for whatever reason, another is started. Calls wait for it.
/// </summary>
/// <param name="start">Starts a process.</param>
/// <param name="readyTimeout">How long a process may take until its functions can be called.</param>
internal sealed class WorkerSupervisor(
    Func<CancellationToken, Task<WorkerProcess>> start,
    TimeSpan functionTimeout,
    TimeSpan readyTimeout,
    TimeProvider time,
    Action<HostEvent> observe)
    : IAsyncDisposable
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    // A process that ends in good order closes its connection first.
    private static readonly TimeSpan ExitTimeout = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _stopping = new();
    private readonly CrashLimit _crashes = new(time);
    private TaskCompletionSource<WorkerProcess> _ready = NewCompletion();
    private WorkerProcess? _current;
    private WorkerProcess? _killedByHost;
    private Task _running = Task.CompletedTask;

    /// <summary>Null while no process is running.</summary>
    public int? ProcessId => _current?.Id;

    /// <exception cref="LocalHostException">The process cannot be started, exited, or was not ready in time.</exception>
    public async Task<IReadOnlyList<IndexedFunction>> StartAsync(CancellationToken cancellationToken)
    {
        var process = _current = await start(cancellationToken);
        if (await BecomesReadyAsync(process, cancellationToken) is { } functions)
        {
            _running = KeepRunningAsync(process);
            return functions;
        }

        if (!await process.IsExitingAsync(cancellationToken))
        {
            throw new LocalHostException(
                $"The app was not ready within {readyTimeout.TotalSeconds:0} s: the Functions host would give up on it.");
        }

        await process.WaitForExitAsync(cancellationToken);
        throw new LocalHostException(
            $"The app ended with exit code {process.ExitCode} before it was ready; its own lines above say why.");
    }

    /// <summary>Sends a request to the app, and its response or 500 to the client.</summary>
    public async Task ForwardAsync(HttpContext context, HttpFunction function)
    {
        using var timeout = new CancellationTokenSource(functionTimeout, time);
        var clientGone = context.RequestAborted;
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, clientGone);
        // A client that sent its whole request and disconnected may never send it again, so the request is still forwarded.
        // If it disconnects earlier, reading the body fails.
        context.RequestAborted = timeout.Token;

        WorkerProcess? process = null;
        var outcome = ForwardOutcome.ConnectionFailed;
        try
        {
            do
            {
                process = await ReadyAsync(waiting.Token);
                outcome = await process.ForwardAsync(context, function, timeout.Token);
            }
            while (outcome == ForwardOutcome.ConnectionFailed
                && await process.IsExitingAsync(waiting.Token) && Forwarder.WasRefused(context));
        }
        catch (OperationCanceledException)
        {
            // The client is gone, or the time is up.
        }
        finally
        {
            context.RequestAborted = clientGone;
        }

        if (timeout.IsCancellationRequested && process is not null)
        {
            Restart(process, $"{function.Name} exceeded the function timeout");
        }

        if (outcome == ForwardOutcome.Succeeded)
        {
            return;
        }

        if (outcome == ForwardOutcome.ConnectionFailed
            && context.Request.Headers.FirstOrDefault(header => !Ascii.IsValid(header.Value.ToString())).Key is { } name)
        {
            observe(new RequestNotForwarded(
                function.Name, $"the header {name} has a character outside ASCII; the Functions host responds with 500 as well"));
        }

        if (context.Response.HasStarted)
        {
            context.Abort();
        }
        else
        {
            context.Response.Clear();
            context.Response.StatusCode = StatusCodes.Status500InternalServerError;
        }
    }

    /// <param name="text">The message text, decoded.</param>
    public async Task<DeliveryResult> InvokeAsync(
        QueueFunction function, QueueMessage message, string text, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(functionTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        WorkerProcess? process = null;
        try
        {
            process = await ReadyAsync(either.Token);
            return await process.InvokeAsync(function, message, text, either.Token);
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            if (process is not null)
            {
                Restart(process, $"{function.Name} exceeded the function timeout");
            }

            return new DeliveryResult(QueueOutcome.TimedOut, $"no result within the function timeout of {functionTimeout}");
        }
    }

    /// <summary>After this call an exit is not a crash: Ctrl+C in a terminal reaches the worker too.</summary>
    public Task StopRestartingAsync() => _stopping.CancelAsync();

    public async ValueTask DisposeAsync()
    {
        await StopRestartingAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_current is { } process)
        {
            await process.StopAsync();
            await process.DisposeAsync();
        }

        _stopping.Dispose();
    }

    private async Task KeepRunningAsync(WorkerProcess process)
    {
        var failedStarts = 0;
        while (true)
        {
            await Task.WhenAny(process.WaitForExitAsync(_stopping.Token), process.Disconnected);
            if (!await process.ExitsWithinAsync(ExitTimeout, _stopping.Token))
            {
                _stopping.Token.ThrowIfCancellationRequested();
                Restart(process, "it closed its connection to the host");
            }

            await process.WaitForExitAsync(_stopping.Token);
            _stopping.Token.ThrowIfCancellationRequested();
            Expire(Volatile.Read(ref _ready));
            if (_killedByHost != process)
            {
                observe(new WorkerExited(process.Id, process.ExitCode, _crashes.Add(process.ExitCode)));
            }

            _current = null;
            await process.DisposeAsync();
            if (failedStarts > 0)
            {
                await Task.Delay(Pause(failedStarts), time, _stopping.Token);
            }

            process = _current = await StartAgainAsync();
            failedStarts = await IsReadyAgainAsync(process) ? 0 : failedStarts + 1;
        }
    }

    // The files may be missing for a moment while the app is being built.
    private async Task<WorkerProcess> StartAgainAsync()
    {
        for (var attempts = 1; ; attempts++)
        {
            try
            {
                return await start(_stopping.Token);
            }
            catch (LocalHostException exception)
            {
                observe(new WorkerNotStarted(exception.Message));
                await Task.Delay(Pause(attempts), time, _stopping.Token);
            }
        }
    }

    private async Task<bool> IsReadyAgainAsync(WorkerProcess process)
    {
        try
        {
            if (await BecomesReadyAsync(process, _stopping.Token) is not null)
            {
                return true;
            }

            if (!await process.IsExitingAsync(_stopping.Token))
            {
                Restart(process, $"it was not ready within {readyTimeout.TotalSeconds:0} s");
            }
        }
        catch (LocalHostException exception)
        {
            Restart(process, exception.Message.TrimEnd('.'));
        }

        return false;
    }

    private async Task<IReadOnlyList<IndexedFunction>?> BecomesReadyAsync(
        WorkerProcess process, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        using var timeout = new CancellationTokenSource(readyTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken, _stopping.Token);
        try
        {
            if (await process.WaitUntilReadyAsync(either.Token) is not { } functions)
            {
                return null;
            }

            observe(new WorkerReady(process.Id, time.GetElapsedTime(started)));
            _ready.TrySetResult(process);
            return functions;
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested)
        {
            return null;
        }
    }

    // Waits for the next process if none is ready.
    private async Task<WorkerProcess> ReadyAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var completion = Volatile.Read(ref _ready);
            var process = await completion.Task.WaitAsync(cancellationToken);
            if (!process.HasExited && !process.Disconnected.IsCompleted)
            {
                return process;
            }

            Expire(completion);
        }
    }

    // Kills the process without a signal, as the Functions host does; then another is started.
    private void Restart(WorkerProcess process, string reason)
    {
        if (Interlocked.Exchange(ref _killedByHost, process) == process || process.HasExited)
        {
            return;
        }

        observe(new WorkerRestarted(process.Id, reason));
        process.Kill();
    }

    private void Expire(TaskCompletionSource<WorkerProcess> completion)
    {
        if (completion.Task.IsCompleted)
        {
            Interlocked.CompareExchange(ref _ready, NewCompletion(), completion);
        }
    }

    private static TimeSpan Pause(int failedStarts) =>
        TimeSpan.FromSeconds(Math.Min(Math.Pow(2, failedStarts - 1), LongestPause.TotalSeconds));

    private static TaskCompletionSource<WorkerProcess> NewCompletion() =>
        new(TaskCreationOptions.RunContinuationsAsynchronously);
}
