using System.CommandLine;
using MarketplaceWebhook.Cli.Output;
using Microsoft.Extensions.Configuration;

namespace MarketplaceWebhook.Cli.Commands;

/// <summary>Where the commands that post a notification post it.</summary>
internal static class TargetUrl
{
    private const string Variable = "WEBHOOK_URL";

    public static Option<string?> Option() => new("--url")
    {
        Description =
            "The URL to post to, with the key. Default: WEBHOOK_URL in the environment, otherwise the dev that is running on this "
            + "machine.",
        HelpName = "URL",
    };

    /// <param name="environment">Has the URL if the option does not: other users of a machine can see the arguments of a
    /// process.</param>
    /// <param name="url">The value of <see cref="Option"/>.</param>
    /// <exception cref="UserErrorException">It is not a URL, would send the key in clear, or there is none and `dev` is not
    /// running.</exception>
    public static Uri Read(IConfiguration environment, string? url) =>
        url is not null ? Read(url, "--url")
        : environment[Variable] is { } variable && !string.IsNullOrWhiteSpace(variable) ? Read(variable, Variable)
        : DevEndpoint.Find();

    /// <summary>A client that does not post the body, and the key, to wherever a redirect points.</summary>
    public static HttpClient CreateClient(Uri target) =>
        new(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = !target.IsLoopback });

    private static Uri Read(string text, string name) =>
        !Uri.TryCreate(text.Trim(), UriKind.Absolute, out var target) || target.Scheme is not ("http" or "https")
            ? throw new UserErrorException(
                $"{name} must be an absolute URL, such as http://127.0.0.1:7071/api/cyclr/marketplace?code=KEY.")
        : target.Scheme == Uri.UriSchemeHttp && !target.IsLoopback
            ? throw new UserErrorException(
                $"{name} must begin with https: with http anyone on the way to {target.Host} could read the key.")
        : target;
}
