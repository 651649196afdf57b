using System.CommandLine;

namespace MarketplaceWebhook.Cli.Commands;

/// <summary>Options of the commands that serve the dashboard.</summary>
internal static class PageOptions
{
    public static Option<int> Port(int standard)
    {
        var port = new Option<int>("--port")
        {
            Description = "The port to listen on at 127.0.0.1; 0 selects a free one.",
            DefaultValueFactory = _ => standard,
            HelpName = "PORT",
        };
        port.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !ushort.TryParse(token.Value, out _))
            {
                result.AddError("--port must be a number from 0 to 65535.");
            }
        });
        return port;
    }

    public static Option<Uri?> DashboardUrl() => new("--dashboard-url")
    {
        Description =
            "The address at which your browser finds the dashboard, if the port of a container or a remote machine is "
            + "forwarded, such as https://NAME-7071.app.github.dev.",
        HelpName = "URL",
        CustomParser = result =>
        {
            // Browsers send Sec-Fetch-Site, by which the dashboard recognizes its own requests, to these only.
            if (Uri.TryCreate(result.Tokens[0].Value, UriKind.Absolute, out var url)
                && (url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && url.IsLoopback)))
            {
                return url;
            }

            result.AddError(
                "--dashboard-url must be a URL with https, or with http and a loopback name, such as "
                + "https://NAME-7071.app.github.dev.");
            return null;
        },
    };
}
