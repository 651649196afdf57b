using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using MarketplaceWebhook.Cli.Bodies;
using MarketplaceWebhook.Cli.Output;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Telemetry;
using Microsoft.Extensions.Configuration;
using Spectre.Console;

namespace MarketplaceWebhook.Cli.Commands;

internal static class SendCommand
{
    public static Command Create(IConfiguration environment)
    {
        var body = new Argument<string>("BODY")
        {
            Description =
                "A notification as documented by Cyclr: installed (without an error), installed-with-errors, "
                + $"{string.Join(", ", KnownStatus.All.Except([KnownStatus.Installed]))}; or a file.",
        };
        var account = new Option<Guid?>("--account")
        {
            Description = "Replaces the AccountId.",
            HelpName = "GUID",
            CustomParser = result =>
            {
                if (Guid.TryParse(result.Tokens[0].Value, out var id))
                {
                    return id;
                }

                result.AddError("--account must be a GUID.");
                return null;
            },
        };
        var apiId = new Option<string?>("--api-id") { Description = "Replaces the AccountApiId.", HelpName = "TEXT" };
        var package = new Option<long?>("--package")
        {
            Description = "Replaces the MarketplaceIntegrationPackageId.",
            HelpName = "N",
            CustomParser = result =>
            {
                if (long.TryParse(
                    result.Tokens[0].Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
                {
                    return number;
                }

                result.AddError("--package must be an integer.");
                return null;
            },
        };
        var url = TargetUrl.Option();

        var command = new Command(
            "send",
            "Posts a notification as Cyclr does, and prints the response.\nExit codes: 0 accepted; 1 not accepted, no response, or "
            + "invalid input.")
        {
            body, account, apiId, package, url,
        };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            NotificationBody.Read(parsed.GetRequiredValue(body))
                .With(parsed.GetValue(account), parsed.GetValue(apiId), parsed.GetValue(package)),
            TargetUrl.Read(environment, parsed.GetValue(url)),
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(NotificationBody body, Uri target, CancellationToken cancellationToken)
    {
        using var http = TargetUrl.CreateClient(target);
        using var content = new ByteArrayContent(body.Bytes);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        try
        {
            using var response = await http.PostAsync(target, content, cancellationToken);
            Print(response.StatusCode, await response.Content.ReadAsStringAsync(cancellationToken));
            return response.IsSuccessStatusCode ? 0 : 1;
        }
        catch (HttpRequestException exception)
        {
            throw new UserErrorException(
                target.IsLoopback && exception.HttpRequestError == HttpRequestError.ConnectionError
                    ? $"Nothing is listening on {target.GetLeftPart(UriPartial.Authority)}: start the app with "
                        + $"{ToolCommand.Of("dev")}, or pass another URL in --url."
                    : $"{target.GetLeftPart(UriPartial.Authority)} did not respond: {exception.Message}",
                exception);
        }
        catch (TaskCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new UserErrorException(
                $"{target.GetLeftPart(UriPartial.Authority)} did not respond within {http.Timeout.TotalSeconds:0} s.", exception);
        }
    }

    private static void Print(HttpStatusCode status, string response)
    {
        var colour = (int)status is >= 200 and <= 299 ? Color.Green : Color.Red;
        var hint = (int)status switch
        {
            401 => ": the key is missing or wrong; pass it as ?code= in the URL",
            404 => ": no function has this path; it ends with /api/cyclr/marketplace",
            >= 300 and <= 399 => ": redirects are not followed",
            _ => "",
        };
        ConsoleOutput.Results.WriteParts(($"{(int)status} {status}", colour), (hint, null));
        foreach (var line in Indented(response).Split('\n'))
        {
            Console.WriteLine(SafeText.Of(line.TrimEnd('\r'), 4000));
        }
    }

    private static string Indented(string response)
    {
        try
        {
            return JsonNode.Parse(response)?.ToJsonString(NotificationBody.ReadableJson) ?? response;
        }
        catch (JsonException)
        {
            return response;
        }
    }
}
