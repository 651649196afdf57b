using MarketplaceWebhook.Cli.LocalHost.App;
using MarketplaceWebhook.Cli.LocalHost.Handling;
using MarketplaceWebhook.Cli.LocalHost.Http;
using MarketplaceWebhook.Cli.LocalHost.Queues;
using Microsoft.Extensions.Configuration;

namespace MarketplaceWebhook.Cli.LocalHost;

/// <summary>
/// Plays the Azure Functions host for a function app with a custom handler: HTTP functions with their routes and keys, and queue
/// functions with their poison queues. What the real host does is captured in the tests; one thing is other: a dead handler is
/// started again, always.
/// </summary>
public sealed class LocalFunctionsHost : IAsyncDisposable
{
    /// <summary>Core Tools' own name for it, for isolated workers.</summary>
    private const string DebuggerWaitSetting = "FUNCTIONS_ENABLE_DEBUGGER_WAIT";

    private readonly FunctionApp app;
    private readonly Handler handler;
    private readonly QueueInvoker invoker;
    private readonly HttpFront front;
    private readonly TimeSpan stopGrace;
    private readonly CancellationTokenSource stopping = new();
    private readonly CancellationTokenSource cutting = new();
    private readonly IReadOnlyList<QueueListener> listeners;
    private Task listening = Task.CompletedTask;

    private LocalFunctionsHost(LocalFunctionsHostOptions options)
    {
        var environment = new Dictionary<string, string?>(options.Environment);
        if (options.StorageConnection is { } connection)
            environment["AzureWebJobsStorage"] = connection;
        if (options.WaitsForDebugger)
            environment[DebuggerWaitSetting] = "true";

        var settings = new ConfigurationBuilder()
            .AddEnvironmentVariables()
            .AddInMemoryCollection(
                environment.Select(s => KeyValuePair.Create(s.Key.Replace("__", ":", StringComparison.Ordinal), s.Value)))
            .Build();
        var observe = OneAtATime(options.Observe);

        app = FunctionApp.Read(options.AppDirectory, settings);
        var listenDeadline = options.WaitsForDebugger ? Timeout.InfiniteTimeSpan : Handler.UsualListenDeadline;
        handler = new Handler(app, environment, listenDeadline, options.Time, observe);
        invoker = new QueueInvoker(handler, app.Host.FunctionTimeout, options.Time);
        front = new HttpFront(app, handler, options.Key, options.Port, options.MapBeside, options.Time, observe);
        stopGrace = options.StopGrace;
        listeners =
        [
            .. app.QueueFunctions.Select(function => new QueueListener(
                function, app.Host.Queues, QueueConnection.Open(settings, function.Connection),
                invoker, options.MessageLease, options.Time, observe)),
        ];
    }

    /// <summary>Of the HTTP front, with the port that it took.</summary>
    public Uri BaseAddress => front.BaseAddress;

    public IReadOnlyList<HttpFunction> HttpFunctions => app.HttpFunctions;

    /// <summary>Of the handler that runs now.</summary>
    public int? HandlerProcessId => handler.ProcessId;

    /// <summary>Where a function is called, without a key; route parameters that may be left out are.</summary>
    public Uri UrlOf(HttpFunction function) => new(
        BaseAddress,
        string.Join('/', function.Route.Split('/')
            .Where(segment => !segment.EndsWith("?}", StringComparison.Ordinal))
            .Prepend(app.Host.RoutePrefix)));

    /// <summary>Starts the handler and waits until it listens; then opens the door and reads the queues.</summary>
    /// <exception cref="UserErrorException">The app, its settings or the port cannot be used.</exception>
    public static async Task<LocalFunctionsHost> StartAsync(
        LocalFunctionsHostOptions options, CancellationToken cancellationToken)
    {
        var host = new LocalFunctionsHost(options);
        try
        {
            await host.front.StartAsync(cancellationToken);
            await host.handler.StartAsync(cancellationToken);
            host.listening = Task.WhenAll(
                host.listeners.Select(listener => listener.RunAsync(host.stopping.Token, host.cutting.Token)));
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>Lets calls under way end, for a short time, and kills the handler.</summary>
    public async ValueTask DisposeAsync()
    {
        await handler.StopRestartingAsync();
        await stopping.CancelAsync();
        cutting.CancelAfter(stopGrace);
        await Task.WhenAll(front.StopAsync(cutting.Token), listening).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await handler.DisposeAsync();
        await front.DisposeAsync();
        invoker.Dispose();
        stopping.Dispose();
        cutting.Dispose();
    }

    private static Action<HostEvent> OneAtATime(Action<HostEvent> observe)
    {
        var gate = new Lock();
        return seen =>
        {
            lock (gate)
                observe(seen);
        };
    }
}
