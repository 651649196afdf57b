using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;
using Azure.Storage.Queues.Models;
using MarketplaceWebhook.LocalHost.App;
using Microsoft.AspNetCore.Http;

namespace MarketplaceWebhook.LocalHost.Workers.CustomHandler;

/// <summary>One run of a custom handler: a web server that the host calls for every invocation.</summary>
internal sealed class CustomHandlerProcess : WorkerProcess
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(25);

    private readonly FunctionApp _app;
    private readonly Forwarder _forwarder;
    private readonly TimeProvider _time;
    private readonly string _address;

    private CustomHandlerProcess(
        FunctionApp app, IReadOnlyDictionary<string, string?> environment, int port, Forwarder forwarder, TimeProvider time,
        Action<HostEvent> observe)
        : base(CreateStartInfo(app, environment, Variables(app, port), moreArguments: []), port, observe)
    {
        (_app, _forwarder, _time) = (app, forwarder, time);
        _address = $"http://127.0.0.1:{Text(port)}/";
    }

    /// <exception cref="LocalHostException">The executable cannot be started.</exception>
    public static CustomHandlerProcess Start(
        FunctionApp app, IReadOnlyDictionary<string, string?> environment, Forwarder forwarder, TimeProvider time,
        Action<HostEvent> observe) => new(app, environment, FreePort(), forwarder, time, observe);

    /// <summary>Sends <c>GET /</c> until any HTTP response arrives.</summary>
    public override async Task<IReadOnlyList<IndexedFunction>?> WaitUntilReadyAsync(CancellationToken cancellationToken)
    {
        var functions = ReadFunctions();
        while (!HasExited)
        {
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, _address);
                using var response = await _forwarder.SendAsync(request, cancellationToken);
                return functions;
            }
            catch (HttpRequestException)
            {
                await Task.Delay(PollInterval, cancellationToken);
            }
        }

        return null;
    }

    public override async Task<ForwardOutcome> ForwardAsync(
        HttpContext context, HttpFunction function, CancellationToken cancellationToken)
    {
        if (!_app.Host.CustomHandler!.ProxiesHttpRequests && context.Request.Headers.TransferEncoding.Count > 0)
        {
            return ForwardOutcome.FunctionFailed;
        }

        return await _forwarder.ForwardAsync(context, _address, InvocationTransformer.Instance, cancellationToken)
            ? ForwardOutcome.Succeeded
            : ForwardOutcome.ConnectionFailed;
    }

    public override async Task<DeliveryResult> InvokeAsync(
        QueueFunction function, QueueMessage message, string text, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{_address}{function.Name}")
        {
            Content = new ByteArrayContent(InvocationBody.Write(function.BindingName, message, text, _time.GetUtcNow())),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json", "utf-8");
        request.Headers.TransferEncodingChunked = true;
        request.Headers.UserAgent.ParseAdd(HostHeaders.UserAgent);
        HostHeaders.Set(request.Headers);
        try
        {
            using var response = await _forwarder.SendAsync(request, cancellationToken);
            var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
            var detail = $"{(int)response.StatusCode}";
            switch (HandlerResponses.Read(response.StatusCode, response.Content.Headers.ContentType?.MediaType, body))
            {
                case HandlerResponse.Success:
                    return DeliveryResult.Completed(detail);
                case HandlerResponse.NeverCompletes:
                    await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
                    break;
            }

            return DeliveryResult.Failed(detail);
        }
        catch (HttpRequestException exception)
        {
            return DeliveryResult.Failed(exception.HttpRequestError.ToString());
        }
    }

    private List<IndexedFunction> ReadFunctions()
    {
        var functions = Directory.EnumerateDirectories(_app.Directory)
            .Select(folder => Path.Combine(folder, "function.json"))
            .Where(File.Exists)
            .Order(StringComparer.Ordinal)
            .Select(ReadFunction)
            .ToList();
        return functions is not []
            ? functions
            : throw new LocalHostException(
                $"{_app.Directory} has no folder with a function.json: specify the folder of a built function app.");
    }

    private static IndexedFunction ReadFunction(string path)
    {
        try
        {
            var file = JsonSerializer.Deserialize<FunctionJson>(File.ReadAllText(path), IndexedFunction.JsonOptions);
            return new IndexedFunction(Path.GetFileName(Path.GetDirectoryName(path))!, file?.Bindings ?? []);
        }
        catch (Exception exception) when (exception is JsonException or IOException)
        {
            throw new LocalHostException($"{path} cannot be used: {exception.Message}", exception);
        }
    }

    private static (string Name, string? Value)[] Variables(FunctionApp app, int port)
    {
        var id = Guid.NewGuid().ToString();
        return
        [
            ("FUNCTIONS_CUSTOMHANDLER_PORT", Text(port)),
            ("FUNCTIONS_CUSTOMHANDLER_WORKER_ID", id),
            ("FUNCTIONS_APP_ROOT_PATH", app.Directory),
            ("FUNCTIONS_HTTPWORKER_PORT", Text(port)),
            ("FUNCTIONS_HTTPWORKER_ID", id),
        ];
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);

    private sealed record FunctionJson(IReadOnlyList<IndexedFunction.Binding>? Bindings);
}
