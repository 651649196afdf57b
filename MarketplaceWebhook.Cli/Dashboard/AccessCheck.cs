using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace MarketplaceWebhook.Cli.Dashboard;

/// <summary>
/// The dashboard shows webhook URLs and bodies, so only the user of this machine's terminal may use it.
/// Every request must have a loopback host name and come without a proxy, which excludes foreign sites whose name resolves to
/// 127.0.0.1 (DNS rebinding) and visitors of a dev tunnel. A request that reads or changes data must also come from the page
/// itself and carry the token of this run.
/// </summary>
/// <remarks>
/// As in Jupyter, the token is in the fragment of the URL that `dev` prints, and not in the page: other users of this machine can
/// fetch the page, but cannot read the terminal. Browsers do not send fragments to servers or in a Referer.
/// </remarks>
internal sealed class AccessCheck
{
    public const string TokenHeader = "X-Page-Token";

    /// <summary>
    /// For EventSource, which cannot set a header. Only this process receives the address, and it does not log it.
    /// </summary>
    public const string TokenParameter = "token";

    private const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static readonly string[] ProxyHeaders =
        ["Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"];

    private readonly byte[] _tokenHash;

    public AccessCheck()
    {
        Token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24));
        _tokenHash = Hash(Token);
    }

    public string Token { get; }

    /// <summary>For the page and its files, which contain no secrets.</summary>
    public static async ValueTask<object?> OnThisMachineAsync(
        EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        SetHeaders(context.HttpContext.Response.Headers);
        return IsLoopback(context.HttpContext)
            ? await next(context)
            : Reject("The dashboard is available on this machine only, under a loopback name.");
    }

    /// <summary>For all endpoints that read or change data.</summary>
    public async ValueTask<object?> FromThePageAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next) =>
        !IsSameOrigin(context.HttpContext.Request) ? Reject("Only the dashboard page may send this request.")
        : !HasToken(context.HttpContext.Request)
            ? Reject("The token of this run is missing: open the address that `dev` printed.")
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

    /// <summary>A browser omits Origin from a same-origin GET, but sends Sec-Fetch-Site, which no script can set.</summary>
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

    private static IResult Reject(string detail) => TypedResults.Problem(detail, statusCode: StatusCodes.Status403Forbidden);
}
