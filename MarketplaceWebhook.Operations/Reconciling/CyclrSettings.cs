using MarketplaceWebhook.Storage;
using Microsoft.Extensions.Configuration;

namespace MarketplaceWebhook.Reconciling;

/// <summary>Where Cyclr's REST API is, and the client credentials for it. A class: its text contains no secret.</summary>
public sealed class CyclrSettings
{
    public const string ClientIdName = "CYCLR_CLIENT_ID";
    public const string ClientSecretName = "CYCLR_CLIENT_SECRET";
    public const string BaseUrlName = "CYCLR_BASE_URL";

    private const string Version = "/v1.0";

    private CyclrSettings(Uri baseUrl, string clientId, string clientSecret) =>
        (BaseUrl, ClientId, ClientSecret) = (baseUrl, clientId, clientSecret);

    /// <summary>Without the version, and without a slash at its end.</summary>
    internal Uri BaseUrl { get; }

    internal string ClientId { get; }

    internal string ClientSecret { get; }

    internal Uri TokenUrl => new($"{Base}/oauth/token");

    private string Base => BaseUrl.GetLeftPart(UriPartial.Path).TrimEnd('/');

    /// <exception cref="SettingsException">One is missing or invalid. The message repeats no value.</exception>
    public static CyclrSettings Read(IConfiguration configuration)
    {
        string[] missing = [.. ((string[])[ClientIdName, ClientSecretName, BaseUrlName])
            .Where(name => string.IsNullOrWhiteSpace(configuration[name]))];
        return missing.Length == 0
            ? new CyclrSettings(
                ReadBaseUrl(configuration[BaseUrlName]!), configuration[ClientIdName]!, configuration[ClientSecretName]!)
            : throw new SettingsException(
                $"Not set in the environment: {string.Join(", ", missing)}. Cyclr's API needs {ClientIdName}, {ClientSecretName} "
                + $"and {BaseUrlName}, such as https://api.cyclr.com.");
    }

    /// <param name="pathAndQuery">After the version.</param>
    internal Uri Url(string pathAndQuery) => new($"{Base}{Version}{pathAndQuery}");

    private static Uri ReadBaseUrl(string text) =>
        Uri.TryCreate(text.Trim(), UriKind.Absolute, out var url)
        && (url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && url.IsLoopback))
        && url is { UserInfo: "", Query: "", Fragment: "" }
        && !url.AbsolutePath.TrimEnd('/').EndsWith(Version, StringComparison.OrdinalIgnoreCase)
            ? url
            : throw new SettingsException(
                $"{BaseUrlName} must be an absolute https URL without {Version}, such as https://api.cyclr.com; http only for this "
                + "machine.");
}
