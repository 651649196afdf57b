using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Polly;
using Polly.Retry;

namespace MarketplaceWebhook.Reconciling;

/// <summary>
/// Cyclr's REST API, one request at a time. 429 and 5xx are retried with growing delays or after the time that Cyclr asks for; a
/// 401 gets one new token.
/// </summary>
public sealed class CyclrApi : IDisposable
{
    internal const int PageSize = 50;
    internal const int MaxRetries = 5;

    private const string AccountHeader = "X-Cyclr-Account";
    private const int MaxBytes = 16 * 1024 * 1024;
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(30);

    /// <summary>That Cyclr can ask for in Retry-After.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(5);

    private readonly CyclrSettings _settings;
    private readonly TimeProvider _time;
    private readonly HttpClient _http;
    private readonly ResiliencePipeline<HttpResponseMessage> _retry;
    private string? _token;

    public CyclrApi(CyclrSettings settings, TimeProvider time)
    {
        _settings = settings;
        _time = time;
        // A redirect would receive the credentials. API ids can be of any script.
        _http = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            RequestHeaderEncodingSelector = (name, _) => name == AccountHeader ? Encoding.UTF8 : null,
        })
        {
            Timeout = Timeout,
            MaxResponseContentBufferSize = MaxBytes,
        };
        _retry = new ResiliencePipelineBuilder<HttpResponseMessage> { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions<HttpResponseMessage>
            {
                ShouldHandle = arguments => ValueTask.FromResult(IsTransient(arguments.Outcome)),
                MaxRetryAttempts = MaxRetries,
                BackoffType = DelayBackoffType.Exponential,
                Delay = TimeSpan.FromSeconds(1),
                MaxDelay = LongestDelay,
                DelayGenerator = arguments => ValueTask.FromResult(RetryAfter(arguments.Outcome.Result)),
                OnRetry = arguments =>
                {
                    arguments.Outcome.Result?.Dispose();
                    return ValueTask.CompletedTask;
                },
            })
            .Build();
    }

    /// <summary>The API ids of all accounts, each once.</summary>
    internal IAsyncEnumerable<string> ReadAccountsAsync(CancellationToken cancellationToken) =>
        ReadPagesAsync("/accounts", account: null, CyclrJson.Default.IReadOnlyListCyclrAccount, one => one.Id, cancellationToken)
            .Select(one => one.Id!);

    /// <summary>The cycles of an account, each once.</summary>
    /// <param name="account">Its API id, or its AccountId.</param>
    /// <exception cref="CyclrException">NotAccessible: Cyclr has no such account, or denies access to it.</exception>
    internal IAsyncEnumerable<CyclrCycle> ReadCyclesAsync(string account, CancellationToken cancellationToken) =>
        ReadPagesAsync("/cycles", account, CyclrJson.Default.IReadOnlyListCyclrCycle, one => one.Id, cancellationToken);

    /// <returns>Null: Cyclr does not have it.</returns>
    internal Task<CyclrCycle?> FindCycleAsync(string account, Guid cycleId, CancellationToken cancellationToken) =>
        GetAsync(
            "/cycles/{id}", $"/cycles/{cycleId}", account, CyclrJson.Default.CyclrCycle, mayBeMissing: true, cancellationToken);

    public void Dispose() => _http.Dispose();

    /// <summary>No total is documented: the last page is shorter than the others, or has nothing new.</summary>
    private async IAsyncEnumerable<T> ReadPagesAsync<T>(
        string path, string? account, JsonTypeInfo<IReadOnlyList<T>> type, Func<T, string?> idOf,
        [EnumeratorCancellation] CancellationToken cancellationToken)
        where T : class
    {
        var seen = new HashSet<string>();
        for (var page = 1; ; page++)
        {
            var query = string.Create(CultureInfo.InvariantCulture, $"?page={page}&pageSize={PageSize}");
            var elements = await GetAsync(path, path + query, account, type, mayBeMissing: false, cancellationToken) ?? [];
            var before = seen.Count;
            foreach (var element in elements)
            {
                if (element is not null && idOf(element) is { Length: > 0 } id && seen.Add(id))
                {
                    yield return element;
                }
            }

            if (elements.Count < PageSize || seen.Count == before)
            {
                yield break;
            }
        }
    }

    /// <param name="path">For messages.</param>
    private async Task<T?> GetAsync<T>(
        string path, string pathAndQuery, string? account, JsonTypeInfo<T> type, bool mayBeMissing,
        CancellationToken cancellationToken)
        where T : class
    {
        var failure = account is null ? CyclrFailure.OfRun : CyclrFailure.OfAccount;
        using var response = await SendAsync(pathAndQuery, account, failure, cancellationToken);
        if (mayBeMissing && response.StatusCode is (HttpStatusCode.NotFound or HttpStatusCode.Gone))
        {
            return null;
        }

        return response.IsSuccessStatusCode
            ? await ReadAsync(response, $"GET {path}", type, failure, cancellationToken)
            : throw new CyclrException(
                $"Cyclr responded with {(int)response.StatusCode} to GET {path}.",
                account is not null && (int)response.StatusCode is >= 400 and < 500 and not 429
                    ? CyclrFailure.NotAccessible : failure);
    }

    private async Task<HttpResponseMessage> SendAsync(
        string pathAndQuery, string? account, CyclrFailure failure, CancellationToken cancellationToken)
    {
        if (account is not null && (account.Trim() != account || account.Length == 0 || account.Any(char.IsControl)))
        {
            // A header cannot hold it, or would lose the spaces and so mean another account.
            throw new CyclrException(
                $"The account's id cannot be sent in the header {AccountHeader}.", CyclrFailure.NotAccessible);
        }

        for (var isRenewed = false; ; isRenewed = true)
        {
            var token = _token ??= await RequestTokenAsync(cancellationToken);
            var response = await SendAsync(
                () =>
                {
                    var request = new HttpRequestMessage(HttpMethod.Get, _settings.Url(pathAndQuery));
                    request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
                    if (account is not null)
                    {
                        request.Headers.Add(AccountHeader, account);
                    }

                    return request;
                },
                failure, cancellationToken);
            if (response.StatusCode != HttpStatusCode.Unauthorized)
            {
                return response;
            }

            response.Dispose();
            _token = null;
            if (isRenewed)
            {
                throw new CyclrException("Cyclr did not accept a new token (401).");
            }
        }
    }

    private async Task<string> RequestTokenAsync(CancellationToken cancellationToken)
    {
        using var response = await SendAsync(
            () => new HttpRequestMessage(HttpMethod.Post, _settings.TokenUrl)
            {
                Content = new FormUrlEncodedContent(new Dictionary<string, string>
                {
                    ["grant_type"] = "client_credentials",
                    ["client_id"] = _settings.ClientId,
                    ["client_secret"] = _settings.ClientSecret,
                }),
            },
            CyclrFailure.OfRun, cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            throw new CyclrException((int)response.StatusCode is 400 or 401 or 403
                ? $"Cyclr did not accept {CyclrSettings.ClientIdName} and {CyclrSettings.ClientSecretName} ({(int)response.StatusCode})."
                : $"Cyclr responded with {(int)response.StatusCode} to POST /oauth/token: check {CyclrSettings.BaseUrlName}.");
        }

        var token = await ReadAsync(
            response, "POST /oauth/token", CyclrJson.Default.CyclrToken, CyclrFailure.OfRun, cancellationToken);
        // Checked here, because the exception of an invalid header repeats it.
        return token.AccessToken is { Length: > 0 } text && text.All(c => c is > ' ' and <= '~')
            ? text
            : throw NotAsDocumented("POST /oauth/token", CyclrFailure.OfRun);
    }

    private async Task<HttpResponseMessage> SendAsync(
        Func<HttpRequestMessage> create, CyclrFailure failure, CancellationToken cancellationToken)
    {
        try
        {
            return await _retry.ExecuteAsync(
                async token =>
                {
                    using var request = create();
                    return await _http.SendAsync(request, token);
                },
                cancellationToken);
        }
        catch (HttpRequestException e)
        {
            throw new CyclrException(
                $"Cyclr cannot be reached ({(e.InnerException ?? e).Message}): check {CyclrSettings.BaseUrlName}.", failure, e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new CyclrException($"Cyclr did not respond within {Timeout.TotalSeconds:0} s.", failure, e);
        }
    }

    private static async Task<T> ReadAsync<T>(
        HttpResponseMessage response, string request, JsonTypeInfo<T> type, CyclrFailure failure,
        CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
            return await JsonSerializer.DeserializeAsync(body, type, cancellationToken)
                ?? throw NotAsDocumented(request, failure);
        }
        catch (JsonException)
        {
            // Its message can repeat what was received.
            throw NotAsDocumented(request, failure);
        }
    }

    private static CyclrException NotAsDocumented(string request, CyclrFailure failure) =>
        new($"Cyclr's response to {request} is not as documented: check {CyclrSettings.BaseUrlName}.", failure);

    private static bool IsTransient(Outcome<HttpResponseMessage> outcome) => outcome switch
    {
        { Result: { } response } => (int)response.StatusCode is 429 or >= 500,
        { Exception: HttpRequestException } => true,
        // The timeout of one attempt; without it, the caller's cancellation.
        { Exception: OperationCanceledException { InnerException: TimeoutException } } => true,
        _ => false,
    };

    /// <returns>Null: the usual delay.</returns>
    private TimeSpan? RetryAfter(HttpResponseMessage? response)
    {
        var wait = response?.Headers.RetryAfter is not { } header ? null
            : header.Delta ?? (header.Date is { } date ? date - _time.GetUtcNow() : (TimeSpan?)null);
        return wait is not { } asked ? null
            : asked > LongestWait ? LongestWait
            : asked < TimeSpan.Zero ? TimeSpan.Zero
            : asked;
    }
}
