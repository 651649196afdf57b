using System.Collections.Concurrent;
using System.Threading.Channels;
using Grpc.Core;
using MarketplaceWebhook.LocalHost.App;
using MarketplaceWebhook.LocalHost.Workers.Isolated.Rpc;
using Microsoft.Extensions.Logging;
using Content = MarketplaceWebhook.LocalHost.Workers.Isolated.Rpc.StreamingMessage.ContentOneofCase;

namespace MarketplaceWebhook.LocalHost.Workers.Isolated;

/// <summary>The gRPC stream between this host and one worker process: the worker connects, the host sends requests.</summary>
internal sealed class WorkerChannel(string workerId, LogLevelSettings logLevels, Action<HostEvent> observe)
    : FunctionRpc.FunctionRpcBase
{
    private static readonly string[] OfItsServer =
        ["Microsoft.Hosting.Lifetime", "Microsoft.AspNetCore.DataProtection.KeyManagement.XmlKeyManager"];

    private readonly Channel<StreamingMessage> _outgoing = Channel.CreateUnbounded<StreamingMessage>();
    private readonly TaskCompletionSource _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // By request id, or by invocation id.
    private readonly ConcurrentDictionary<string, TaskCompletionSource<StreamingMessage>> _waiting = [];

    /// <summary>Completes when the worker has connected.</summary>
    public Task Connected => _connected.Task;

    /// <summary>Completes when the stream has ended, or <see cref="Close"/> was called.</summary>
    public Task Closed => _closed.Task;

    /// <summary>Called by the worker, and runs as long as its connection.</summary>
    public override async Task EventStream(
        IAsyncStreamReader<StreamingMessage> requestStream, IServerStreamWriter<StreamingMessage> responseStream,
        ServerCallContext context)
    {
        if (!await requestStream.MoveNext(context.CancellationToken) || requestStream.Current.StartStream?.WorkerId != workerId)
        {
            throw new Grpc.Core.RpcException(new Status(StatusCode.PermissionDenied, "Not the worker that this host started."));
        }

        _connected.TrySetResult();
        var writing = WriteAsync(responseStream, context.CancellationToken);
        try
        {
            while (await requestStream.MoveNext(context.CancellationToken))
            {
                Receive(requestStream.Current);
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or InvalidOperationException)
        {
            // The worker has exited, or this host stops.
        }
        finally
        {
            Close();
            await writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Sends a request and waits for the response with the same request id.</summary>
    /// <exception cref="WorkerDisconnectedException">The stream ended first.</exception>
    public Task<StreamingMessage> RequestAsync(StreamingMessage request, CancellationToken cancellationToken)
    {
        request.RequestId = Guid.NewGuid().ToString();
        return WaitForResponseAsync(request.RequestId, request, cancellationToken);
    }

    /// <exception cref="WorkerDisconnectedException">The stream ended first.</exception>
    public async Task<StatusResult> InvokeAsync(InvocationRequest invocation, CancellationToken cancellationToken)
    {
        var request = new StreamingMessage { RequestId = Guid.NewGuid().ToString(), InvocationRequest = invocation };
        var response = await WaitForResponseAsync(invocation.InvocationId, request, cancellationToken);
        return response.InvocationResponse.Result ?? new StatusResult();
    }

    /// <summary>Sends a message that needs no response.</summary>
    public void Send(StreamingMessage message) => _outgoing.Writer.TryWrite(message);

    /// <summary>Sends nothing more; everything that waits for a response fails.</summary>
    public void Close()
    {
        _outgoing.Writer.TryComplete();
        _connected.TrySetException(new WorkerDisconnectedException());
        foreach (var id in _waiting.Keys)
        {
            if (_waiting.TryRemove(id, out var response))
            {
                response.TrySetException(new WorkerDisconnectedException());
            }
        }

        _closed.TrySetResult();
    }

    private async Task<StreamingMessage> WaitForResponseAsync(
        string id, StreamingMessage request, CancellationToken cancellationToken)
    {
        var response = new TaskCompletionSource<StreamingMessage>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting[id] = response;
        try
        {
            return _outgoing.Writer.TryWrite(request)
                ? await response.Task.WaitAsync(cancellationToken)
                : throw new WorkerDisconnectedException();
        }
        finally
        {
            _waiting.TryRemove(id, out _);
        }
    }

    private async Task WriteAsync(IServerStreamWriter<StreamingMessage> stream, CancellationToken cancellationToken)
    {
        await foreach (var message in _outgoing.Reader.ReadAllAsync(cancellationToken))
        {
            await stream.WriteAsync(message, cancellationToken);
        }
    }

    private void Receive(StreamingMessage message)
    {
        if (message.ContentCase == Content.RpcLog)
        {
            Report(message.RpcLog);
            return;
        }

        var id = message.ContentCase == Content.InvocationResponse ? message.InvocationResponse.InvocationId : message.RequestId;
        if (_waiting.TryRemove(id, out var response))
        {
            response.TrySetResult(message);
        }
    }

    private void Report(RpcLog log)
    {
        // What the worker's own web server says about itself is for those who debug it: the host is the one that callers reach.
        var level = OfItsServer.Contains(log.Category) ? LogLevel.Debug : (LogLevel)log.Level;
        if (!logLevels.IsPrinted(log.Category, level))
        {
            return;
        }

        var name = log.Level switch
        {
            RpcLog.Types.Level.Trace => "trce",
            RpcLog.Types.Level.Debug => "dbug",
            RpcLog.Types.Level.Information => "info",
            RpcLog.Types.Level.Warning => "warn",
            RpcLog.Types.Level.Error => "fail",
            _ => "crit",
        };
        var text = $"{name}: {log.Category}: {log.Message}";
        if (log.Exception is { } exception)
        {
            text += $"\n{exception.Type}: {exception.Message}\n{exception.StackTrace}";
        }

        foreach (var line in text.TrimEnd().ReplaceLineEndings("\n").Split('\n'))
        {
            observe(new WorkerWrote(line, IsError: log.Level >= RpcLog.Types.Level.Error));
        }
    }
}

/// <summary>The worker's stream ended before a response arrived.</summary>
internal sealed class WorkerDisconnectedException() : Exception("The worker closed its connection to the host.");
