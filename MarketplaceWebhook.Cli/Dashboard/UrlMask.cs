using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace MarketplaceWebhook.Cli.Dashboard;

/// <summary>Hides all of a URL but its origin: anyone with the URL of a webhook can trigger the cycle.</summary>
internal static partial class UrlMask
{
    private const string Hidden = "••••••••";

    /// <param name="url">Of a webhook: any text.</param>
    [return: NotNullIfNotNull(nameof(url))]
    public static string? OfWebhook(string? url) =>
        string.IsNullOrEmpty(url) ? url
        : Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Scheme is "https" or "http"
            ? $"{uri.Scheme}://{uri.Authority}/{Hidden}"
            : Hidden;

    /// <param name="text">Any text with URLs in it, also JSON, which can escape the slashes.</param>
    [return: NotNullIfNotNull(nameof(text))]
    public static string? Of(string? text) => text is null
        ? null : Url().Replace(text, url => $"{url.Groups["scheme"].Value}{url.Groups["host"].Value}/{Hidden}");

    [GeneratedRegex(
        """(?<scheme>https?:(?:\\?/|\\u002f){2})(?:[^\s"'<>/\\?#@]*@)?(?<host>[^\s"'<>/\\?#]*)(?:\\.|[^\s"<>\\])*""",
        RegexOptions.IgnoreCase)]
    private static partial Regex Url();
}
