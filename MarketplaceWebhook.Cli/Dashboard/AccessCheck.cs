using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace MarketplaceWebhook.Cli.Dashboard;

/// <summary>
/// The dashboard shows webhook URLs and bodies, so only the user of this machine's terminal may use it.
/// Every request must have a loopback host name and come without a proxy, which excludes foreign sites whose name resolves to
/// 127.0.0.1 (DNS rebinding) and visitors of a dev tunnel, or have the one other host name that the user allowed. A request that
/// reads or changes data must also come from the page itself and carry the token of this run.
/// </summary>
/// <remarks>
/// As in Jupyter, the token is in the fragment of the URL that the tool prints, and not in the page: other users of this machine
/// can fetch the page, but cannot read the terminal. Browsers do not send fragments to servers or in a Referer.
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

    private readonly Uri? _forwardedUrl;
    private readonly byte[] _tokenHash;

    /// <param name="forwardedUrl">Where the browser finds the page if the port of a container is forwarded, for example.</param>
    public AccessCheck(Uri? forwardedUrl = null)
    {
        _forwardedUrl = forwardedUrl;
        Token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24));
        _tokenHash = Hash(Token);
    }

    public string Token { get; }

    /// <summary>For the page and its files, which contain no secrets.</summary>
    public async ValueTask<object?> OnThisMachineAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        SetHeaders(context.HttpContext.Response.Headers);
        return IsFromThisMachine(context.HttpContext)
            && (IsLoopback(context.HttpContext) || IsForwarded(context.HttpContext.Request))
            ? await next(context)
            : Reject(
                "The dashboard is available on this machine only, under a loopback name. If its port is forwarded to your "
                + "browser, pass the address in --dashboard-url.");
    }

    /// <summary>For all endpoints that read or change data.</summary>
    public async ValueTask<object?> FromThePageAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next) =>
        !IsSameOrigin(context.HttpContext.Request) ? Reject("Only the dashboard page may send this request.")
        : TokenOf(context.HttpContext.Request) is not { Length: > 0 } given
            ? Reject("The token of this run is missing: open the address that the tool printed.")
        : !CryptographicOperations.FixedTimeEquals(Hash(given), _tokenHash)
            ? Reject("The token is not that of this run: open the address that the tool printed.")
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

    /// <summary>A forwarder runs on this machine too.</summary>
    private static bool IsFromThisMachine(HttpContext context) =>
        context.Connection.RemoteIpAddress is { } remote && IPAddress.IsLoopback(remote);

    private static bool IsLoopback(HttpContext context) =>
        context.Request.Host is { Host: "127.0.0.1" or "localhost" or "[::1]" } host
        && (host.Port ?? 80) == context.Connection.LocalPort
        && !ProxyHeaders.Any(context.Request.Headers.ContainsKey);

    /// <summary>
    /// Dev tunnels, which GitHub Codespaces use, replace Host with localhost
    /// (https://github.com/microsoft/dev-tunnels/blob/main/ts/src/contracts/tunnelOptions.ts) and pass on the name in
    /// X-Forwarded-Host; others leave Host as it is.
    /// </summary>
    private bool IsForwarded(HttpRequest request)
    {
        var host = request.Headers.TryGetValue("X-Forwarded-Host", out var name)
            ? new HostString(name.ToString())
            : request.Host;
        return _forwardedUrl is { } url
            && host.Host.Equals(url.Host, StringComparison.OrdinalIgnoreCase)
            && (host.Port is { } port ? port == url.Port : url.IsDefaultPort);
    }

    /// <summary>
    /// A browser omits Origin from a same-origin GET, and dev tunnels replace it like Host. Sec-Fetch-Site is set by the browser
    /// alone, for every https and every loopback address.
    /// </summary>
    private bool IsSameOrigin(HttpRequest request) =>
        !IsForwarded(request) && request.Headers.Origin.Count > 0
            ? request.Headers.Origin == $"{request.Scheme}://{request.Host}"
            : request.Headers["Sec-Fetch-Site"] == "same-origin" && (IsForwarded(request) || HttpMethods.IsGet(request.Method));

    private static string TokenOf(HttpRequest request) => request.Headers.TryGetValue(TokenHeader, out var header)
        ? header.ToString()
        : request.Query[TokenParameter].ToString();

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));

    private static IResult Reject(string detail) => TypedResults.Problem(detail, statusCode: StatusCodes.Status403Forbidden);
}
