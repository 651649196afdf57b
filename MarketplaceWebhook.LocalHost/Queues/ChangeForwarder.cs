using System.Net.Http.Headers;
using System.Text;
using Azure.Storage.Queues.Models;
using MarketplaceWebhook.LocalHost.App;
using MarketplaceWebhook.LocalHost.Workers;
using MarketplaceWebhook.Storage;

namespace MarketplaceWebhook.LocalHost.Queues;

/// <summary>
/// Posts each message of the change feed to the developer's own application, as a CloudEvent in structured mode. A message stays
/// on the queue until a response of 2xx. Source:
/// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md#32-structured-content-mode
/// </summary>
public sealed class ChangeForwarder : IAsyncDisposable
{
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    private static readonly QueueSettings Settings = new()
    {
        Base64 = true,
        BatchSize = 8,
        NewBatchThreshold = 4,
        // Never given up.
        MaxDequeueCount = int.MaxValue,
        VisibilityTimeout = TimeSpan.Zero,
        MaxPollingInterval = TimeSpan.FromSeconds(1),
    };

    private readonly CancellationTokenSource _stopping = new();
    private readonly Uri _url;
    private readonly Action<HostEvent> _observe;
    private readonly HttpClient _http;
    private readonly Task _listening;

    private ChangeForwarder(StorageSettings storage, string queue, Uri url, Action<HostEvent> observe, TimeSpan timeout)
    {
        (_url, _observe) = (url, observe);
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = !url.IsLoopback };
        _http = new HttpClient(handler) { Timeout = timeout };
        // Longer than a request. After dev was killed, a message is visible again when it expires.
        var lease = timeout + TimeSpan.FromSeconds(15);
        _listening = new QueueListener(
            queue, Settings, QueueConnection.Open(storage), DeliverAsync, lease, TimeProvider.System, observe)
        {
            Pause = Pause,
        }.RunAsync(_stopping.Token, _stopping.Token);
    }

    /// <param name="queue">The name of the change feed.</param>
    /// <param name="observe">Called from many threads.</param>
    /// <param name="timeout">Of a request. Null: 30 s.</param>
    public static ChangeForwarder Start(
        StorageSettings storage, string queue, Uri url, Action<HostEvent> observe, TimeSpan? timeout = null) =>
        new(storage, queue, url, observe, timeout ?? RequestTimeout);

    /// <summary>Messages whose request is in progress are delivered again, by the next run too.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _listening.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _http.Dispose();
        _stopping.Dispose();
    }

    /// <summary>1 s, 2 s, 4 s and so on, up to 30 s.</summary>
    private static TimeSpan Pause(long failures) =>
        TimeSpan.FromSeconds(Math.Min(Math.Pow(2, failures - 1), LongestPause.TotalSeconds));

    private async Task<DeliveryResult> DeliverAsync(QueueMessage message, string text, CancellationToken cancellationToken)
    {
        var started = TimeProvider.System.GetTimestamp();
        var (status, reason) = await PostAsync(text, cancellationToken);
        var isDelivered = status is >= 200 and <= 299;
        _observe(new ChangeForwarded(
            text, status, reason, message.DequeueCount, isDelivered ? null : Pause(message.DequeueCount),
            TimeProvider.System.GetElapsedTime(started)));
        return isDelivered ? DeliveryResult.Completed(reason) : DeliveryResult.Failed(reason);
    }

    private async Task<(int? Status, string Reason)> PostAsync(string text, CancellationToken cancellationToken)
    {
        using var content = new StringContent(
            text, new MediaTypeHeaderValue("application/cloudevents+json") { CharSet = Encoding.UTF8.WebName });
        using var request = new HttpRequestMessage(HttpMethod.Post, _url) { Content = content };
        try
        {
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            return ((int)response.StatusCode, response.ReasonPhrase ?? "");
        }
        catch (HttpRequestException exception)
        {
            return (null, (exception.InnerException ?? exception).Message);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (null, $"no response within {_http.Timeout.TotalSeconds:0.#} s");
        }
    }
}
