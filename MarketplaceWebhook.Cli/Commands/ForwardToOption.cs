using System.CommandLine;

namespace MarketplaceWebhook.Cli.Commands;

/// <summary>Where `dev` posts the change feed.</summary>
internal static class ForwardToOption
{
    /// <summary>The change feed of `dev` if none is set.</summary>
    public const string DefaultQueue = "partner-changes";

    public static Option<Uri?> Create() => new("--forward-to")
    {
        Description =
            "Posts every change of the change feed as a CloudEvent to this URL of your own application, such as "
            + $"http://localhost:3000/changes, until it responds with 2xx. If ChangeFeed is not set, it is {DefaultQueue}.",
        HelpName = "URL",
        CustomParser = result =>
        {
            if (!Uri.TryCreate(result.Tokens[0].Value, UriKind.Absolute, out var url)
                || (url.Scheme != Uri.UriSchemeHttp && url.Scheme != Uri.UriSchemeHttps))
            {
                result.AddError("--forward-to must be a URL with http or https, such as http://localhost:3000/changes.");
                return null;
            }

            if (url.UserInfo.Length > 0)
            {
                result.AddError("--forward-to must not have a user name or a password.");
                return null;
            }

            return url;
        },
    };

    /// <summary>Without the query, which can have a secret.</summary>
    public static string WithoutQuery(Uri url) => url.GetLeftPart(UriPartial.Path);
}
