using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Headers;
using MarketplaceWebhook.LocalHost;

namespace MarketplaceWebhook.Benchmarks.Macro;

/// <summary>
/// A function app that runs under the local Functions host, in this process. CPU time and memory are those of the worker process.
/// </summary>
internal sealed class HostedApp : IAsyncDisposable
{
    private const string Key = "benchmark-key";
    private static readonly Uri ReceivePath = new("api/cyclr/marketplace", UriKind.Relative);
    private static readonly TimeSpan InvocationTimeout = TimeSpan.FromMinutes(3);

    private readonly SemaphoreSlim _invoked = new(0);
    private readonly ConcurrentQueue<QueueInvocation> _invocations = [];
    private readonly string _name;
    private LocalFunctionsHost _host = null!;
    private Process _worker = null!;
    private HttpClient _http = null!;
    private string _lastError = "";

    private HostedApp(string name) => _name = name;

    /// <summary>No queue function runs: messages stay in the queue.</summary>
    public static IReadOnlyDictionary<string, string?> WithoutProjection { get; } = new Dictionary<string, string?>
    {
        ["AzureWebJobs.ProjectNotification.Disabled"] = "true",
        ["AzureWebJobs.RecordDeadLetter.Disabled"] = "true",
    };

    /// <summary>An idle queue is read every 100 ms.</summary>
    public static IReadOnlyDictionary<string, string?> WithShortPolling { get; } = new Dictionary<string, string?>
    {
        ["AzureFunctionsJobHost__extensions__queues__maxPollingInterval"] = "00:00:00.1",
    };

    /// <summary>One message at a time, so that durations do not depend on other messages.</summary>
    public static IReadOnlyDictionary<string, string?> OneMessageAtATime { get; } =
        new Dictionary<string, string?>(WithShortPolling)
        {
            ["AzureFunctionsJobHost__extensions__queues__batchSize"] = "1",
            ["AzureFunctionsJobHost__extensions__queues__newBatchThreshold"] = "0",
        };

    /// <summary>The time stamp of the start of the worker process.</summary>
    public long StartedAt { get; private set; }

    /// <summary>Of all processors together, since the worker started.</summary>
    public TimeSpan CpuTime
    {
        get
        {
            _worker.Refresh();
            return _worker.TotalProcessorTime;
        }
    }

    public double PeakMemoryMiB
    {
        get
        {
            _worker.Refresh();
            return _worker.PeakWorkingSet64 / 1024.0 / 1024.0;
        }
    }

    /// <param name="settings">For the host and the worker.</param>
    public static async Task<HostedApp> StartAsync(
        MeasuredProgram program, string storage, IReadOnlyDictionary<string, string?> settings,
        CancellationToken cancellationToken)
    {
        var app = new HostedApp(program.Name);
        app._host = await LocalFunctionsHost.StartAsync(
            new LocalFunctionsHostOptions
            {
                AppDirectory = program.Directory,
                Environment = new Dictionary<string, string?>(
                    TelemetryVariables()
                        .Select(name => KeyValuePair.Create(name, (string?)null)).Where(v => !settings.ContainsKey(v.Key))
                        .Concat(settings)),
                StorageConnection = storage,
                Key = Key,
                ReadyTimeout = TimeSpan.FromMinutes(2),
                Observe = app.Observe,
            },
            cancellationToken);
        app._worker = Process.GetProcessById(app._host.WorkerProcessId
            ?? throw new InvalidOperationException($"The {program.Name} has exited. {app._lastError}"));
        app._http = new HttpClient(
            new SocketsHttpHandler { UseProxy = false, PooledConnectionLifetime = Timeout.InfiniteTimeSpan })
        {
            BaseAddress = app._host.BaseAddress,
            Timeout = InvocationTimeout,
            DefaultRequestHeaders = { { "x-functions-key", Key } },
        };
        return app;
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

    /// <summary>Waits for the next invocations of the queue function, and returns their durations in milliseconds.</summary>
    /// <exception cref="InvalidOperationException">An invocation failed, or took too long.</exception>
    public async Task<double[]> WaitForProjectionsAsync(int count, CancellationToken cancellationToken)
    {
        var milliseconds = new double[count];
        for (var n = 0; n < count; n++)
        {
            if (!await _invoked.WaitAsync(InvocationTimeout, cancellationToken))
            {
                throw new InvalidOperationException($"The {_name} received {n} of {count} messages. {_lastError}");
            }

            _invocations.TryDequeue(out var invocation);
            milliseconds[n] = invocation!.Outcome == QueueOutcome.Completed
                ? invocation.Duration.TotalMilliseconds
                : throw new InvalidOperationException(
                    $"{invocation.Function} of the {_name} failed: {invocation.Detail}. {_lastError}");
        }

        return milliseconds;
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        _worker.Dispose();
        await _host.DisposeAsync();
        _invoked.Dispose();
    }

    // Where the caller's environment sends telemetry is not part of a measurement.
    private static IEnumerable<string> TelemetryVariables() => Environment.GetEnvironmentVariables().Keys.Cast<string>().Where(
        name => name.StartsWith("OTEL_", StringComparison.Ordinal)
            || name.StartsWith("APPLICATIONINSIGHTS_", StringComparison.Ordinal));

    private void Observe(HostEvent seen)
    {
        switch (seen)
        {
            case WorkerStarted:
                StartedAt = Stopwatch.GetTimestamp();
                break;
            case WorkerWrote { IsError: true } wrote:
                _lastError = wrote.Line;
                break;
            case QueueInvocation invocation:
                _invocations.Enqueue(invocation);
                _invoked.Release();
                break;
        }
    }
}
