using System.Net.Http.Headers;
using MarketplaceWebhook.Cli.LocalHost.App;
using MarketplaceWebhook.Cli.LocalHost.Handling;

namespace MarketplaceWebhook.Cli.LocalHost.Queues;

/// <summary>Posts queue messages to the handler.</summary>
internal sealed class QueueInvoker(Handler handler, TimeSpan functionTimeout, TimeProvider time) : IDisposable
{
    private readonly HttpClient http = new(new SocketsHttpHandler
    {
        UseProxy = false,
        AllowAutoRedirect = false,
        UseCookies = false,
        ActivityHeadersPropagator = null,
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <returns>The outcome, and the answer in a few words.</returns>
    public async Task<(QueueOutcome Outcome, string Detail)> InvokeAsync(
        QueueFunction function, byte[] body, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(functionTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        HandlerProcess? process = null;
        try
        {
            process = await handler.ListeningAsync(either.Token);
            var (answer, detail) = await PostAsync(process, function, body, either.Token);
            if (answer == InvocationAnswer.NeverCompletes)
                await Task.Delay(Timeout.InfiniteTimeSpan, either.Token);
            return (answer == InvocationAnswer.Success ? QueueOutcome.Completed : QueueOutcome.Failed, detail);
        }
        catch (HttpRequestException exception)
        {
            return (QueueOutcome.Failed, exception.HttpRequestError.ToString());
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            if (process is not null)
                handler.Restart(process, $"{function.Name} ran into the function timeout");
            return (QueueOutcome.TimedOut, $"no result within the function timeout of {functionTimeout}");
        }
    }

    public void Dispose() => http.Dispose();

    private async Task<(InvocationAnswer Answer, string Detail)> PostAsync(
        HandlerProcess process, QueueFunction function, byte[] body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{process.Address}{function.Name}")
        {
            Content = new ByteArrayContent(body),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json", "utf-8");
        request.Headers.TransferEncodingChunked = true;
        request.Headers.UserAgent.ParseAdd(HostHeaders.UserAgent);
        HostHeaders.Set(request.Headers);

        using var response = await http.SendAsync(request, cancellationToken);
        var content = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        var answer = InvocationAnswers.Read(response.StatusCode, response.Content.Headers.ContentType?.MediaType, content);
        return (answer, $"{(int)response.StatusCode}");
    }
}
