using System.Net;
using System.Net.Sockets;
using Azure.Storage.Queues.Models;
using MarketplaceWebhook.LocalHost.App;
using MarketplaceWebhook.LocalHost.Http;
using MarketplaceWebhook.LocalHost.Queues;
using MarketplaceWebhook.LocalHost.Workers;
using MarketplaceWebhook.LocalHost.Workers.CustomHandler;
using MarketplaceWebhook.LocalHost.Workers.Isolated;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace MarketplaceWebhook.LocalHost;

/// <summary>
/// A small Azure Functions host for one app: HTTP functions with routes and keys, queue functions with poison queues. The app is
/// an isolated worker or a custom handler. The tests record what the real host does; two things differ: a worker that exits is
/// always started again, and a browser's request from a page of another origin is rejected with 403.
/// </summary>
public sealed class LocalFunctionsHost : IAsyncDisposable
{
    private readonly LocalFunctionsHostOptions _options;
    private readonly IConfiguration _settings;
    private readonly FunctionApp _app;
    private readonly Action<HostEvent> _observe;
    private readonly Forwarder _forwarder = new();
    private readonly WorkerSupervisor _worker;
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _aborting = new();
    private HttpFront? _front;
    private Task _listening = Task.CompletedTask;

    private LocalFunctionsHost(LocalFunctionsHostOptions options)
    {
        _options = options;
        _observe = OneAtATime(options.Observe);
        var environment = ReadEnvironment(options);
        _settings = new ConfigurationBuilder()
            .AddEnvironmentVariables()
            .AddInMemoryCollection(
                environment.Select(s => KeyValuePair.Create(s.Key.Replace("__", ":", StringComparison.Ordinal), s.Value)))
            .Build();
        _app = FunctionApp.Read(options.AppDirectory, _settings);
        if (options.WaitsForDebugger && _app.Host.CustomHandler is null)
        {
            // As in Core Tools: this assembly of every isolated worker contains the hook that waits, for about a minute.
            environment["DOTNET_STARTUP_HOOKS"] = "Microsoft.Azure.Functions.Worker.Core";
        }

        _worker = new WorkerSupervisor(
            async cancellationToken => _app.Host.CustomHandler is null
                ? await IsolatedWorkerProcess.StartAsync(_app, environment, _forwarder, _observe, cancellationToken)
                : CustomHandlerProcess.Start(_app, environment, _forwarder, options.Time, _observe),
            _app.Host.FunctionTimeout,
            options.WaitsForDebugger ? Timeout.InfiniteTimeSpan : options.ReadyTimeout,
            options.Time,
            _observe);
    }

    /// <summary>The address of the HTTP endpoint, with its port.</summary>
    public Uri BaseAddress => _front!.BaseAddress;

    public IReadOnlyList<HttpFunction> HttpFunctions { get; private set; } = [];

    /// <summary>The process id of the worker; null while none is running.</summary>
    public int? WorkerProcessId => _worker.ProcessId;

    /// <summary>The URL of a function, without a key and without optional route parameters.</summary>
    public Uri UrlOf(HttpFunction function) => new(
        BaseAddress,
        string.Join('/', function.Route.Split('/')
            .Where(segment => !segment.EndsWith("?}", StringComparison.Ordinal))
            .Prepend(_app.Host.RoutePrefix)));

    /// <summary>The URL of the first function that accepts POST, without a key; null if no function does.</summary>
    public Uri? ReceiverUrl => HttpFunctions.FirstOrDefault(
        function => function.Methods.Contains("post", StringComparer.OrdinalIgnoreCase)) is { } receiver
        ? UrlOf(receiver)
        : null;

    /// <summary>
    /// Starts the worker and waits until its functions can be called; then accepts HTTP calls and reads the queues.
    /// </summary>
    /// <exception cref="LocalHostException">The app, its settings or the port cannot be used.</exception>
    public static async Task<LocalFunctionsHost> StartAsync(
        LocalFunctionsHostOptions options, CancellationToken cancellationToken)
    {
        var host = new LocalFunctionsHost(options);
        try
        {
            await host.StartAsync(cancellationToken);
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>Finds a port that is taken before anything is started.</summary>
    /// <exception cref="LocalHostException">The port is taken.</exception>
    public static void RequireFreePort(int port)
    {
        using var listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            listener.Start();
        }
        catch (SocketException exception)
        {
            throw PortTaken(port, exception);
        }
    }

    public static LocalHostException PortTaken(int port, Exception exception) => new(
        $"Port {port} is taken by another program. Specify a free one with --port, or end that program.", exception);

    /// <summary>Gives calls in progress a short time to end, and then ends the worker.</summary>
    public async ValueTask DisposeAsync()
    {
        await _worker.StopRestartingAsync();
        await _stopping.CancelAsync();
        _aborting.CancelAfter(_options.StopGrace);
        await Task.WhenAll(_front?.StopAsync(_aborting.Token) ?? Task.CompletedTask, _listening)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _worker.DisposeAsync();
        await (_front?.DisposeAsync() ?? ValueTask.CompletedTask);
        _forwarder.Dispose();
        _stopping.Dispose();
        _aborting.Dispose();
    }

    private async Task StartAsync(CancellationToken cancellationToken)
    {
        var functions = AppFunctions.From(await _worker.StartAsync(cancellationToken), _settings);
        HttpFunctions = functions.Http;
        var listeners = functions.Queue.Select(ListenerOf).OfType<QueueListener>().ToList();
        _front = new HttpFront(
            functions.Http, _app.Host.RoutePrefix, _worker, _options.Key, _options.Port, _options.MapOther,
            _options.Time, _observe);
        await _front.StartAsync(cancellationToken);
        _listening = Task.WhenAll(listeners.Select(listener => listener.RunAsync(_stopping.Token, _aborting.Token)));
    }

    /// <returns>Null if the setting of the function's connection is missing.</returns>
    private QueueListener? ListenerOf(QueueFunction function)
    {
        if (QueueConnection.Open(_settings, function.Connection) is { } storage)
        {
            return new QueueListener(
                function.QueueName, _app.Host.Queues, storage,
                (message, text, aborting) => InvokeAsync(function, message, text, aborting),
                _options.MessageLease, _options.Time, _observe)
            {
                WarnsOfMissingQueue = _app.Host.LogLevels.IsPrintedByHost("Azure.Core", LogLevel.Warning),
            };
        }

        _observe(new FunctionNotRun(function.Name, $"the setting {function.Connection} is missing"));
        return null;
    }

    private async Task<DeliveryResult> InvokeAsync(
        QueueFunction function, QueueMessage message, string text, CancellationToken aborting)
    {
        var started = _options.Time.GetTimestamp();
        var result = await _worker.InvokeAsync(function, message, text, aborting);
        _observe(new QueueInvocation(
            function.Name, message.MessageId, text, message.DequeueCount, result.Outcome, result.Detail,
            _options.Time.GetElapsedTime(started)));
        return result;
    }

    private static Dictionary<string, string?> ReadEnvironment(LocalFunctionsHostOptions options)
    {
        var environment = new Dictionary<string, string?>(options.Environment);
        if (options.StorageConnection is { } connection)
        {
            environment["AzureWebJobsStorage"] = connection;
        }

        if (options.WaitsForDebugger)
        {
            environment["FUNCTIONS_ENABLE_DEBUGGER_WAIT"] = "true";
        }

        return environment;
    }

    private static Action<HostEvent> OneAtATime(Action<HostEvent> observe)
    {
        var gate = new Lock();
        return seen =>
        {
            lock (gate)
            {
                observe(seen);
            }
        };
    }
}
