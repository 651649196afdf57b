using System.CommandLine;
using MarketplaceWebhook.Cli.Output;

namespace MarketplaceWebhook.Cli.Commands;

/// <summary>The option --url of the commands that post a notification.</summary>
internal static class TargetUrl
{
    public static Option<string?> Option() => new("--url")
    {
        Description = "The URL to post to, with the key. Default: the dev that is running on this machine.",
        HelpName = "URL",
    };

    /// <param name="url">The value of <see cref="Option"/>.</param>
    /// <exception cref="UserErrorException">It is not a URL, or it is null and `dev` is not running.</exception>
    public static Uri Read(string? url) =>
        url is null ? DevEndpoint.Find()
        : Uri.TryCreate(url, UriKind.Absolute, out var target) && target.Scheme is "http" or "https" ? target
        : throw new UserErrorException(
            "--url must be an absolute URL, such as http://127.0.0.1:7071/api/cyclr/marketplace?code=KEY.");
}
