using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace MarketplaceWebhook.Tests.Support;

/// <summary>
/// Cyclr's REST API as far as it is documented: the token of client credentials, `GET /accounts`, `GET /cycles` and
/// `GET /cycles/{id}` of the account in X-Cyclr-Account, pages without a total, and its errors.
/// </summary>
internal sealed class CyclrStandIn : IAsyncDisposable
{
    public const string ClientId = "client-id-8KJ2";
    public const string ClientSecret = "client-secret & 5f31";

    private const string AccountHeader = "X-Cyclr-Account";

    private readonly WebApplication _web;
    private readonly HashSet<string> _tokens = [];
    private readonly ConcurrentQueue<CyclrRequest> _requests = new();
    private int _issued;
    private int _running;

    private CyclrStandIn(WebApplication web) => _web = web;

    public string BaseUrl => _web.Urls.Single();

    public List<StandInAccount> Accounts { get; } = [];

    /// <summary>In the order of their arrival.</summary>
    public IReadOnlyCollection<CyclrRequest> Requests => _requests;

    public int MaxConcurrentRequests { get; private set; }

    /// <summary>Responds instead of the API, unless it returns null.</summary>
    public Func<CyclrRequest, (int Status, string? RetryAfter)?> Before { get; set; } = _ => null;

    /// <summary>Every page is the first one.</summary>
    public bool RepeatsPages { get; set; }

    public IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string>
    {
        ["CYCLR_CLIENT_ID"] = ClientId,
        ["CYCLR_CLIENT_SECRET"] = ClientSecret,
        ["CYCLR_BASE_URL"] = BaseUrl,
    };

    public static async Task<CyclrStandIn> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.AddRoutingCore();
        var web = builder.Build();
        var standIn = new CyclrStandIn(web);
        web.Use(standIn.AuthorizeAsync);
        web.UseRouting();
        web.MapPost("/oauth/token", standIn.IssueTokenAsync);
        web.MapGet("/v1.0/accounts", context => standIn.WritePageAsync(context, standIn.Accounts.Select(one => one.ToJson())));
        web.MapGet(
            "/v1.0/cycles", context => standIn.WritePageAsync(context, AccountOf(context).Listed.Select(one => one.ToJson())));
        web.MapGet("/v1.0/cycles/{id}", context => WriteCycleAsync(context));
        await web.StartAsync(Cancellation);
        return standIn;
    }

    public StandInAccount Add(string apiId, params StandInCycle[] cycles)
    {
        var account = new StandInAccount(apiId) { Cycles = [.. cycles] };
        Accounts.Add(account);
        return account;
    }

    public void ExpireTokens()
    {
        lock (_tokens)
        {
            _tokens.Clear();
        }
    }

    public ValueTask DisposeAsync() => _web.DisposeAsync();

    private async Task AuthorizeAsync(HttpContext context, RequestDelegate next)
    {
        var request = new CyclrRequest(
            context.Request.Method, context.Request.Path.Value!, context.Request.QueryString.Value!,
            context.Request.Headers[AccountHeader]);
        _requests.Enqueue(request);
        MaxConcurrentRequests = Math.Max(MaxConcurrentRequests, Interlocked.Increment(ref _running));
        try
        {
            if (Before(request) is var (status, retryAfter))
            {
                context.Response.StatusCode = status;
                context.Response.Headers.RetryAfter = retryAfter;
                context.Response.Headers.Location = status is >= 300 and < 400 ? "/elsewhere" : default(string);
                return;
            }

            context.Response.StatusCode = StatusOf(context, request);
            if (context.Response.StatusCode == StatusCodes.Status200OK)
            {
                await next(context);
            }
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
    }

    private int StatusOf(HttpContext context, CyclrRequest request)
    {
        if (request.Path == "/oauth/token")
        {
            return StatusCodes.Status200OK;
        }

        lock (_tokens)
        {
            if (context.Request.Headers.Authorization.ToString() is not ['B', 'e', 'a', 'r', 'e', 'r', ' ', .. var token]
                || !_tokens.Contains(token))
            {
                return StatusCodes.Status401Unauthorized;
            }
        }

        if (request.Path == "/v1.0/accounts")
        {
            return StatusCodes.Status200OK;
        }

        var account = Accounts.Find(one => one.IsNamed(request.Account));
        context.Items[AccountHeader] = account;
        return account is { IsAccessible: true } ? StatusCodes.Status200OK : StatusCodes.Status403Forbidden;
    }

    private async Task IssueTokenAsync(HttpContext context)
    {
        var form = await context.Request.ReadFormAsync();
        if (form["grant_type"] != "client_credentials" || form["client_id"] != ClientId || form["client_secret"] != ClientSecret)
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return;
        }

        var token = $"secret-token-{Interlocked.Increment(ref _issued)}";
        lock (_tokens)
        {
            _tokens.Add(token);
        }

        await context.Response.WriteAsync(
            $$"""{"access_token":"{{token}}","token_type":"bearer","expires_in":1209599}""");
    }

    private Task WritePageAsync(HttpContext context, IEnumerable<JsonNode> all)
    {
        var page = RepeatsPages ? 1 : Number("page");
        var size = Number("pageSize");
        return context.Response.WriteAsync(new JsonArray([.. all.Skip((page - 1) * size).Take(size)]).ToJsonString());

        int Number(string name) => int.Parse(context.Request.Query[name]!, CultureInfo.InvariantCulture);
    }

    private static Task WriteCycleAsync(HttpContext context)
    {
        var cycle = AccountOf(context).Cycles.Find(
            one => one.CycleId.ToString() == (string?)context.GetRouteValue("id"));
        if (cycle is not null)
        {
            return context.Response.WriteAsync(cycle.ToJson().ToJsonString());
        }

        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }

    private static StandInAccount AccountOf(HttpContext context) => (StandInAccount)context.Items[AccountHeader]!;
}

internal sealed record CyclrRequest(string Method, string Path, string Query, string? Account);

internal sealed record StandInAccount(string ApiId)
{
    /// <summary>Another name that Cyclr accepts in the header.</summary>
    public Guid? AccountId { get; init; }

    public bool IsAccessible { get; init; } = true;

    public List<StandInCycle> Cycles { get; init; } = [];

    public IEnumerable<StandInCycle> Listed => Cycles.Where(cycle => cycle.IsListed);

    public bool IsNamed(string? name) => name == ApiId || (AccountId is { } id && name == id.ToString());

    public JsonNode ToJson() => new JsonObject
    {
        ["Id"] = ApiId,
        ["Name"] = $"Name of {ApiId}",
        ["CreatedDate"] = "2026-01-01T00:00:00Z",
    };
}

internal sealed record StandInCycle(Guid CycleId, string? Template = null, string State = "Active", int Errors = 0)
{
    public bool IsListed { get; init; } = true;

    public JsonNode ToJson() => new JsonObject
    {
        ["Id"] = CycleId.ToString(),
        ["Name"] = "A cycle",
        ["Status"] = State,
        ["TemplateId"] = Template,
        ["CreatedOnUtc"] = "2026-01-01T00:00:00Z",
        ["ErrorCount"] = Errors,
    };
}
