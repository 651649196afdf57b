using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace MarketplaceWebhook.Cli.Dashboard;

/// <summary>
/// The page shows webhook URLs and bodies, so it answers nobody but the person at this machine's terminal.
/// Every request must name a loopback host and come without a proxy: a foreign site whose name points to 127.0.0.1 (DNS
/// rebinding) and a visitor of a dev tunnel get nothing. Whatever reads or changes data must also come from the page itself and
/// bring the token of this run.
/// </summary>
/// <remarks>
/// The token stands in the fragment of the URL that `dev` prints, as Jupyter does it, and not in the page: other users of this
/// machine can fetch the page, but cannot read the terminal. Browsers send no fragment to any server, nor in a Referer.
/// </remarks>
internal sealed class AccessCheck
{
    public const string TokenHeader = "X-Page-Token";

    /// <summary>EventSource can set no header. The address goes to this process only, which writes it nowhere.</summary>
    public const string TokenParameter = "token";

    private const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static readonly string[] ProxyHeaders = ["Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"];

    private readonly byte[] _tokenHash;

    public AccessCheck()
    {
        Token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24));
        _tokenHash = Hash(Token);
    }

    public string Token { get; }

    /// <summary>For the page and its files, which hold nothing secret.</summary>
    public static async ValueTask<object?> OnThisMachineAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        SetHeaders(context.HttpContext.Response.Headers);
        return IsLoopback(context.HttpContext)
            ? await next(context)
            : Refuse("The page answers on this machine only, under a loopback name.");
    }

    /// <summary>For everything else.</summary>
    public async ValueTask<object?> FromThePageAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next) =>
        !IsSameOrigin(context.HttpContext.Request) ? Refuse("Only the page itself may ask.")
        : !HasToken(context.HttpContext.Request)
            ? Refuse("The token of this run is missing: open the page by the address that `dev` printed.")
        : await next(context);

    private static void SetHeaders(IHeaderDictionary headers)
    {
        headers.ContentSecurityPolicy = ContentSecurityPolicy;
        headers.XContentTypeOptions = "nosniff";
        headers.CacheControl = "no-store";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
    }

    private static bool IsLoopback(HttpContext context)
    {
        var host = context.Request.Host;
        return context.Connection.RemoteIpAddress is { } remote && IPAddress.IsLoopback(remote)
            && host.Host is "127.0.0.1" or "localhost" or "[::1]"
            && (host.Port ?? 80) == context.Connection.LocalPort
            && !ProxyHeaders.Any(context.Request.Headers.ContainsKey);
    }

    /// <summary>A browser leaves Origin out of a GET to the same origin, and says so in a header that no script can set.</summary>
    private static bool IsSameOrigin(HttpRequest request) => request.Headers.Origin.Count > 0
        ? request.Headers.Origin == $"{request.Scheme}://{request.Host}"
        : HttpMethods.IsGet(request.Method) && request.Headers["Sec-Fetch-Site"] == "same-origin";

    private bool HasToken(HttpRequest request)
    {
        var given = request.Headers.TryGetValue(TokenHeader, out var header)
            ? header.ToString()
            : request.Query[TokenParameter].ToString();
        return CryptographicOperations.FixedTimeEquals(Hash(given), _tokenHash);
    }

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));

    private static IResult Refuse(string detail) => TypedResults.Problem(detail, statusCode: StatusCodes.Status403Forbidden);
}
