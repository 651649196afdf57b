using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;

namespace SampleWorker;

public sealed class HttpFunctions(ILogger<HttpFunctions> logger)
{
    [Function(nameof(Echo))]
    public static async Task<IResult> Echo(
        [HttpTrigger(AuthorizationLevel.Function, "post", "put", Route = "echo/{name?}")] HttpRequest request, string? name,
        FunctionContext context)
    {
        using var reader = new StreamReader(request.Body);
        var body = await reader.ReadToEndAsync();
        return Results.Json(new
        {
            request.Method,
            Target = request.GetEncodedPathAndQuery(),
            Headers = request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString()),
            Name = name,
            Body = body.Length > 1000 ? $"{body.Length} characters" : body,
            context.InvocationId,
            context.TraceContext.TraceParent,
        });
    }

    [Function(nameof(Describe))]
    public static IResult Describe([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "process")] HttpRequest request) =>
        Results.Json(new
        {
            Id = Environment.ProcessId,
            Directory = Environment.CurrentDirectory,
            Arguments = Environment.GetCommandLineArgs(),
            Setting = Environment.GetEnvironmentVariable("A_SETTING"),
            ApplicationDirectory = Environment.GetEnvironmentVariable("FUNCTIONS_APPLICATION_DIRECTORY"),
        });

    [Function(nameof(Admin))]
    public static IResult Admin([HttpTrigger(AuthorizationLevel.Admin, "post", Route = "rule")] HttpRequest request) =>
        Results.Ok();

    [Function("WithoutRoute")]
    public static IResult Any([HttpTrigger(AuthorizationLevel.Anonymous)] HttpRequest request) => Results.Text(request.Method);

    [Function(nameof(Respond))]
    public static IResult Respond(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "respond/{status:int}")] HttpRequest request, int status)
    {
        request.HttpContext.Response.Headers.Location = "/elsewhere";
        request.HttpContext.Response.Headers.RetryAfter = "10";
        return Results.Text("tea", "text/plain", statusCode: status);
    }

    [Function(nameof(Fail))]
    public static IResult Fail([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "fail")] HttpRequest request) =>
        throw new InvalidOperationException("the function fails");

    [Function(nameof(FailLate))]
    public static async Task FailLate(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "fail-late")] HttpRequest request)
    {
        await request.HttpContext.Response.WriteAsync("first");
        await request.HttpContext.Response.Body.FlushAsync();
        await Folder.WaitForAsync("release", CancellationToken.None);
        throw new InvalidOperationException("the function fails late");
    }

    [Function(nameof(Stream))]
    public static async Task Stream([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "stream")] HttpRequest request)
    {
        var buffer = new byte[1000];
        while (await request.Body.ReadAsync(buffer) > 0)
        {
            Folder.Write("began");
        }

        await request.HttpContext.Response.WriteAsync("first");
        await request.HttpContext.Response.Body.FlushAsync();
        await Folder.WaitForAsync("release", CancellationToken.None);
        await request.HttpContext.Response.WriteAsync("second");
    }

    /// <summary>Reads the body, whatever the client does, and writes down how that ended.</summary>
    [Function(nameof(Receive))]
    public static async Task<IResult> Receive(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "receive")] HttpRequest request,
        CancellationToken cancellationToken)
    {
        var length = 0;
        try
        {
            var buffer = new byte[1000];
            for (int read; (read = await request.Body.ReadAsync(buffer, CancellationToken.None)) > 0;)
            {
                length += read;
                if (length == read)
                {
                    Folder.Write("began");
                    await (request.Query.ContainsKey("hold")
                        ? Folder.WaitForAsync("release", cancellationToken) : Task.CompletedTask);
                }
            }
        }
        catch (Exception exception)
        {
            Folder.Write("cut", exception.GetType().Name);
            await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Folder.Write("cancelled");
            throw;
        }

        Folder.Write("received", $"{length}");
        return Results.Ok();
    }

    /// <summary>Runs until the file "release" exists.</summary>
    [Function(nameof(Hold))]
    public static async Task<IResult> Hold(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "hold")] HttpRequest request)
    {
        Folder.Write("began");
        await Folder.WaitForAsync("release", CancellationToken.None);
        Folder.Write("finished");
        return Results.Ok();
    }

    [Function(nameof(Exit))]
    public static void Exit(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "exit/{code:int}")] HttpRequest request, int code) =>
        Environment.Exit(code);

    [Function(nameof(Log))]
    public IResult Log([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "log")] HttpRequest request)
    {
        logger.LogDebug("a detail");
        logger.LogInformation("a fact\nin two lines");
        logger.LogWarning("a warning");
        logger.LogError("an error");
        Console.WriteLine("a line of the output");
        return Results.Ok();
    }

    /// <summary>Closes the connection to the host, and lives on.</summary>
    [Function(nameof(Disconnect))]
    public static void Disconnect([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "disconnect")] HttpRequest request)
    {
        var arguments = Environment.GetCommandLineArgs();
        var host = new Uri(arguments[Array.IndexOf(arguments, "--functions-uri") + 1]);
        foreach (var descriptor in Directory.EnumerateFiles("/proc/self/fd")
            .Select(path => int.Parse(System.IO.Path.GetFileName(path))))
        {
            try
            {
                var socket = new Socket(new SafeSocketHandle(descriptor, ownsHandle: false));
                if (socket.RemoteEndPoint is IPEndPoint remote && remote.Port == host.Port)
                {
                    socket.Shutdown(SocketShutdown.Both);
                }
            }
            catch (SocketException)
            {
                // Not a connected socket.
            }
        }
    }
}
