using System.Globalization;
using System.Text.Json;
using Azure.Storage.Queues.Models;
using MarketplaceWebhook.LocalHost.App;
using MarketplaceWebhook.LocalHost.Workers.Isolated.Rpc;
using Microsoft.AspNetCore.Http;

namespace MarketplaceWebhook.LocalHost.Workers.Isolated;

/// <summary>
/// One run of an isolated worker. Every invocation goes over the gRPC stream; the request of an HTTP function goes to the
/// worker's own HTTP server at the same time, and the worker pairs the two by the invocation id.
/// </summary>
internal sealed class IsolatedWorkerProcess : WorkerProcess
{
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(5);

    // The worker's HTTP server may start to listen shortly after the functions are loaded.
    private static readonly int[] RetryMilliseconds = [50, 100, 200, 400, 800];

    private readonly FunctionApp _app;
    private readonly Forwarder _forwarder;
    private readonly WorkerServer _server;
    private readonly WorkerChannel _channel;
    private Dictionary<string, string> _functionIds = [];
    private string _httpAddress = "";

    private IsolatedWorkerProcess(
        FunctionApp app, IReadOnlyDictionary<string, string?> environment, string workerId,
        WorkerServer server, WorkerChannel channel,
        Forwarder forwarder, Action<HostEvent> observe)
        : base(
            CreateStartInfo(
                app, environment, [("FUNCTIONS_APPLICATION_DIRECTORY", app.Directory)], Arguments(workerId, server)),
            server.Address.Port, observe)
    {
        (_app, _forwarder, _server, _channel) = (app, forwarder, server, channel);
        _ = CloseChannelAtExitAsync();
    }

    /// <exception cref="LocalHostException">The executable cannot be started.</exception>
    public static async Task<IsolatedWorkerProcess> StartAsync(
        FunctionApp app, IReadOnlyDictionary<string, string?> environment, Forwarder forwarder, Action<HostEvent> observe,
        CancellationToken cancellationToken)
    {
        var workerId = Guid.NewGuid().ToString();
        var channel = new WorkerChannel(workerId, app.Host.LogLevels, observe);
        var server = await WorkerServer.StartAsync(channel, cancellationToken);
        try
        {
            return new IsolatedWorkerProcess(app, environment, workerId, server, channel, forwarder, observe);
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public override async Task<IReadOnlyList<IndexedFunction>?> WaitUntilReadyAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _channel.Connected.WaitAsync(cancellationToken);
            await InitializeAsync(cancellationToken);
            var functions = await IndexAsync(cancellationToken);
            await Task.WhenAll(functions.Select(function => LoadAsync(function, cancellationToken)));
            _functionIds = functions.ToDictionary(function => function.Name, function => function.FunctionId);
            return RequireServerForHttp(functions.Select(
                function => new IndexedFunction(function.Name, [.. function.RawBindings.Select(ReadBinding)])));
        }
        catch (WorkerDisconnectedException)
        {
            return null;
        }
    }

    public override async Task<ForwardOutcome> ForwardAsync(
        HttpContext context, HttpFunction function, CancellationToken cancellationToken)
    {
        var request = NewInvocation(function.Name);
        request.TraceContext.TraceParent = context.Request.Headers.TraceParent.ToString();
        request.TraceContext.TraceState = context.Request.Headers.TraceState.ToString();
        request.InputData.Add(
            new ParameterBinding { Name = function.BindingName, Data = new TypedData { Http = new RpcHttp() } });
        request.InputData.AddRange(context.Request.RouteValues.Where(value => value.Value is string).Select(
            value => new ParameterBinding { Name = value.Key, Data = new TypedData { String = (string)value.Value! } }));

        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var invocation = InvokeAsync(request, cancellationToken);
        var forwarding = ForwardAsync(context, request.InvocationId, ending.Token);
        await Task.WhenAny(invocation, forwarding);
        if (invocation.IsCompletedSuccessfully && !Succeeded(await invocation))
        {
            // The worker's HTTP server would keep the request for some seconds.
            await ending.CancelAsync();
            await forwarding;
        }
        else if (!await forwarding)
        {
            // The client disconnected while it sent the request, or the worker's HTTP server failed.
            _channel.Send(
                new StreamingMessage { InvocationCancel = new InvocationCancel { InvocationId = request.InvocationId } });
            return ForwardOutcome.ConnectionFailed;
        }

        return await invocation switch
        {
            null => ForwardOutcome.ConnectionFailed,
            var result when Succeeded(result) => ForwardOutcome.Succeeded,
            _ => ForwardOutcome.FunctionFailed,
        };
    }

    public override async Task<DeliveryResult> InvokeAsync(
        QueueFunction function, QueueMessage message, string text, CancellationToken cancellationToken)
    {
        var request = NewInvocation(function.Name);
        request.InputData.Add(new ParameterBinding
        {
            Name = function.BindingName,
            Data = function.IsDeferred
                ? new TypedData { ModelBindingData = QueueMessageData.Create(message, text) }
                : new TypedData { String = text },
        });
        return await InvokeAsync(request, cancellationToken) switch
        {
            null => DeliveryResult.Failed("the worker disconnected"),
            var result when Succeeded(result) => DeliveryResult.Completed("succeeded"),
            var result => DeliveryResult.Failed(Describe(result)),
        };
    }

    /// <summary>Asks the worker to end, and kills it if it does not.</summary>
    public override async Task StopAsync()
    {
        if (_channel.Connected.IsCompletedSuccessfully)
        {
            _channel.Send(new StreamingMessage { WorkerTerminate = new WorkerTerminate() });
            await ExitsWithinAsync(StopTimeout, CancellationToken.None);
        }

        await base.StopAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _channel.Close();
        await _server.DisposeAsync();
    }

    // A process that ends before it connects has no stream that could end.
    private async Task CloseChannelAtExitAsync()
    {
        await Task.WhenAny(WaitForExitAsync(CancellationToken.None), _channel.Closed);
        _channel.Close();
        Disconnect();
    }

    private async Task InitializeAsync(CancellationToken cancellationToken)
    {
        var response = await _channel.RequestAsync(
            new StreamingMessage { WorkerInitRequest = new WorkerInitRequest { HostVersion = HostVersion } }, cancellationToken);
        Require(response.WorkerInitResponse.Result, "The app could not be initialized");
        _httpAddress = response.WorkerInitResponse.Capabilities.GetValueOrDefault("HttpUri", "");
    }

    private async Task<IReadOnlyList<RpcFunctionMetadata>> IndexAsync(CancellationToken cancellationToken)
    {
        var request = new FunctionsMetadataRequest { FunctionAppDirectory = _app.Directory };
        var response = await _channel.RequestAsync(
            new StreamingMessage { FunctionsMetadataRequest = request }, cancellationToken);
        Require(response.FunctionMetadataResponse.Result, "The app could not list its functions");
        return response.FunctionMetadataResponse.FunctionMetadataResults;
    }

    private async Task LoadAsync(RpcFunctionMetadata function, CancellationToken cancellationToken)
    {
        var request = new FunctionLoadRequest { FunctionId = function.FunctionId, Metadata = function };
        var response = await _channel.RequestAsync(new StreamingMessage { FunctionLoadRequest = request }, cancellationToken);
        Require(response.FunctionLoadResponse.Result, $"The function {function.Name} could not be loaded");
    }

    private InvocationRequest NewInvocation(string functionName) => new()
    {
        InvocationId = Guid.NewGuid().ToString(),
        FunctionId = _functionIds.GetValueOrDefault(functionName, ""),
        TraceContext = new RpcTraceContext(),
    };

    /// <returns>Null if the worker disconnected.</returns>
    private async Task<StatusResult?> InvokeAsync(InvocationRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await _channel.InvokeAsync(request, cancellationToken);
        }
        catch (WorkerDisconnectedException)
        {
            return null;
        }
    }

    // A refused connection has not read anything of the body.
    private async Task<bool> ForwardAsync(HttpContext context, string invocationId, CancellationToken cancellationToken)
    {
        var transformer = new IsolatedTransformer(invocationId);
        foreach (var delay in RetryMilliseconds)
        {
            if (await _forwarder.ForwardAsync(context, _httpAddress, transformer, cancellationToken))
            {
                return true;
            }

            if (!Forwarder.WasRefused(context))
            {
                return false;
            }

            await Task.Delay(delay, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (cancellationToken.IsCancellationRequested)
            {
                return false;
            }
        }

        return await _forwarder.ForwardAsync(context, _httpAddress, transformer, cancellationToken);
    }

    private List<IndexedFunction> RequireServerForHttp(IEnumerable<IndexedFunction> functions)
    {
        var list = functions.ToList();
        return _httpAddress.Length > 0 || !list.Any(function => function.Bindings.Any(binding => binding.Is("httpTrigger")))
            ? list
            : throw new LocalHostException(
                "The app has no HTTP server: this host needs the ASP.NET Core integration (ConfigureFunctionsWebApplication).");
    }

    private static IndexedFunction.Binding ReadBinding(string json)
    {
        try
        {
            return JsonSerializer.Deserialize<IndexedFunction.Binding>(json, IndexedFunction.JsonOptions)!;
        }
        catch (JsonException exception)
        {
            throw new LocalHostException($"A binding of the app cannot be read: {exception.Message}", exception);
        }
    }

    private static void Require(StatusResult? result, string failure)
    {
        if (!Succeeded(result))
        {
            throw new LocalHostException($"{failure}: {Describe(result)}");
        }
    }

    private static bool Succeeded(StatusResult? result) => result?.Status == StatusResult.Types.Status.Success;

    private static string Describe(StatusResult? result) =>
        $"{result?.Exception?.Type} {result?.Exception?.Message}".Trim().ReplaceLineEndings(" ") is { Length: > 0 } text
            ? text
            : $"{result?.Status ?? StatusResult.Types.Status.Failure}";

    private static string[] Arguments(string workerId, WorkerServer server) =>
    [
        "--functions-uri", server.Address.ToString(),
        "--functions-worker-id", workerId,
        "--functions-request-id", Guid.NewGuid().ToString(),
        // Without it the worker refuses to send anything.
        "--functions-grpc-max-message-length", int.MaxValue.ToString(CultureInfo.InvariantCulture),
    ];
}
