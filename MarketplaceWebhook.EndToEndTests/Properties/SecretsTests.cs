using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Net;
using System.Text.RegularExpressions;
using System.Text;
using Azure.Storage.Queues;
using MarketplaceWebhook.EndToEndTests.Support;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support.Faults;
using MarketplaceWebhook.Tests.Support.Histories;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.EndToEndTests.Properties;

/// <summary>
/// Keys, webhook URLs and what users typed never show in any output, whatever happens: as verbose as it gets, with rejections,
/// faults, poison and crashes.
/// </summary>
public sealed partial class SecretsTests(AzuriteFixture azurite)
{
    private const string Key = "SecretKey-4711";
    private const string WrongKey = "SecretWrongKey-4712";
    private const string WebhookUrl = "https://example.com/SecretUrl-4713";
    private const string Parameter = "SecretParameter-4714";
    private const string Error = "SecretError-4715";

    private readonly string _storage = azurite.NewAccount();

    [Fact]
    public async Task Output_of_the_processes_contains_no_key_webhook_url_or_body()
    {
        await using var proxy = await FaultProxy.StartAsync(_storage, Cancellation);
        using var dev = await CliProcess.StartDevAsync(proxy.ConnectionString, Verbose, "--key", Key);
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });

        await PostAsync(http, dev.Url, Notification("installed").Body(), HttpStatusCode.Accepted);
        var large = Notification("odd") with { CompleteParameter = Parameter + new string('x', 100_000) };
        await PostAsync(http, dev.Url, large.Body(), HttpStatusCode.Accepted);
        await PostAsync(
            http, dev.Url, "{\"CompleteParameter\":\"" + Parameter + "\",\"" + WebhookUrl + "\":", HttpStatusCode.BadRequest);
        var wrong = $$"""{"Status":["{{Parameter}}"],"AccountId":"{{Parameter}}","Webhooks":"{{WebhookUrl}}"}""";
        await PostAsync(http, dev.Url, wrong, HttpStatusCode.BadRequest);
        await PostAsync(http, dev.Url, Parameter + new string(' ', 2_000_000), HttpStatusCode.RequestEntityTooLarge);
        var body = Notification("installed").Body();
        await PostAsync(http, new(dev.Url, $"/api/cyclr/marketplace?code={WrongKey}"), body, HttpStatusCode.Unauthorized);
        await PostAsync(http, new(dev.Url, $"/api/cyclr/marketplace/not~a~label?code={Key}"), body, HttpStatusCode.BadRequest);
        await PostAsync(http, new(dev.Url, $"/api/elsewhere?code={Key}"), body, HttpStatusCode.NotFound);
        await SendRawAsync(dev.Url, $"POST {dev.Url.PathAndQuery} HTTP/9.9\r\nx-functions-key: {Key}\r\n\r\n");
        const string TwoLengths = "Content-Length: 99\r\nContent-Length: 98\r\n\r\n";
        await SendRawAsync(dev.Url, $"POST {dev.Url.PathAndQuery} HTTP/1.1\r\nHost: x\r\n{TwoLengths}{Parameter}");

        using (proxy.Break(Fault.InternalError, call => !call.IsOfHost))
        {
            await PostAsync(http, dev.Url, Notification("installed").Body(), HttpStatusCode.ServiceUnavailable);
        }

        using (proxy.Break(Fault.BrokenConnection, call => call.Kind is StorageKind.Table))
        {
            await PostAsync(http, dev.Url, Notification("started").Body(), HttpStatusCode.Accepted);
            await dev.UntilItPrintsAsync("retrying");
        }

        await dev.UntilItPrintsAsync("Projected");
        await PoisonAsync($"{{\"v\":7,\"payload\":\"{Parameter} {WebhookUrl}\"}}");
        await PoisonAsync(Notification("installed").Message().Replace("Status", "Statu", StringComparison.Ordinal));
        await dev.UntilItPrintsAsync("projection-failed");
        await CrashAsync(dev, http);
        dev.Terminate();
        await dev.WaitForExitAsync();

        AssertNoSecretIn(dev.Lines);
        // The output is as verbose as intended.
        Assert.Contains(dev.Lines, line => line.Contains("dbug: ", StringComparison.Ordinal));
        Assert.Contains(dev.Lines, line => line.Contains("Rejected", StringComparison.Ordinal));
        Assert.Contains(dev.Lines, line => line.Contains("Projected", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Rejected_connection_string_is_not_printed()
    {
        using var dev = await CliProcess.StartDevAsync(
            $"AccountName=x;AccountKey={Parameter};TableEndpoint={WebhookUrl}", Verbose);
        await dev.WaitForExitAsync();

        AssertNoSecretIn(dev.Lines);
        Assert.Contains(dev.Lines, line => line.Contains("AzureWebJobsStorage", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Worker_that_crashes_at_startup_writes_no_secret_with_its_stack_trace()
    {
        var start = new ProcessStartInfo(
            "dotnet",
            [
                Path.Combine(AppContext.BaseDirectory, "app", "MarketplaceWebhook.Functions.dll"),
                // Nothing listens there.
                "--functions-uri", "http://127.0.0.1:1/", "--functions-worker-id", "1",
                    "--functions-grpc-max-message-length", "1000000",
            ])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in Verbose)
        {
            start.Environment[name] = value;
        }

        start.Environment["AzureWebJobsStorage"] = _storage;

        using var application = Process.Start(start)!;
        var lines = await Task.WhenAll(
            application.StandardOutput.ReadToEndAsync(Cancellation), application.StandardError.ReadToEndAsync(Cancellation));
        await application.WaitForExitAsync(Cancellation);

        Assert.NotEqual(0, application.ExitCode);
        Assert.Contains(lines, text => text.Contains("   at ", StringComparison.Ordinal));
        AssertNoSecretIn(lines);
    }

    private static Dictionary<string, string> Verbose => new()
    {
        ["Logging__LogLevel__Default"] = "Trace",
        ["Logging__LogLevel__Microsoft.AspNetCore"] = "Trace",
        ["Logging__LogLevel__System.Net.Http"] = "Trace",
        ["AzureFunctionsJobHost__logging__logLevel__default"] = "Trace",
        ["AzureFunctionsJobHost__logging__logLevel__Azure.Core"] = "Trace",
        ["AzureFunctionsJobHost__logging__logLevel__Microsoft.AspNetCore.Hosting.Diagnostics"] = "Trace",
        ["AzureFunctionsJobHost__extensions__queues__visibilityTimeout"] = "00:00:00",
        ["NO_COLOR"] = "1",
    };

    private static Arrival Notification(string status) => new()
    {
        Millisecond = 1_790_000_000_000,
        Counter = 0,
        Status = status,
        Account = Guid.Empty,
        Package = 1,
        AccountApiId = Parameter,
        UserId = Parameter,
        CompleteParameter = Parameter,
        Errors = [$"\"{Error}\"", $$"""{"Message":"{{Error}}"}"""],
        Cycles = [new(Guid.Empty, Parameter, null, [WebhookUrl])],
    };

    private void AssertNoSecretIn(IReadOnlyList<string> lines)
    {
        var accountKey = _storage.Split("AccountKey=")[1].Split(';')[0];
        string[] secrets = [WrongKey, WebhookUrl, Parameter, Error, "SecretUrl", "SecretParameter", "SecretError", accountKey];
        Assert.DoesNotContain(lines, line => secrets.Any(secret => line.Contains(secret, StringComparison.OrdinalIgnoreCase)));
        // The URL for Cyclr is made to be copied, and so is the line to try it.
        Assert.All(
            lines.Where(line => line.Contains(Key, StringComparison.OrdinalIgnoreCase)),
            line => Assert.Matches("^(URL for Cyclr|Try it) ", line));
    }

    /// <summary>With a request under way.</summary>
    private static async Task CrashAsync(CliProcess dev, HttpClient http)
    {
        using var application = Process.GetProcessById(ApplicationOf(dev));
        var post = http.PostAsync(dev.Url, new StringContent(Notification("installed").Body()), Cancellation);
        application.Kill();
        using var response = await post;
        await dev.UntilItPrintsAsync($"process {application.Id}) ended");
    }

    /// <summary>The one that was started last.</summary>
    private static int ApplicationOf(CliProcess dev) => int.Parse(
        dev.Lines.Select(line => StartedLine().Match(line)).Last(match => match.Success).Groups[1].Value,
        CultureInfo.InvariantCulture);

    private async Task PoisonAsync(string message)
    {
        var options = new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 };
        var queue = new QueueClient(_storage, StorageNames.PoisonQueue, options);
        await queue.SendMessageAsync(message, Cancellation);
    }

    private static async Task PostAsync(HttpClient http, Uri url, string body, HttpStatusCode expected)
    {
        using var response = await http.PostAsync(url, new StringContent(body), Cancellation);
        Assert.Equal(expected, response.StatusCode);
    }

    private static async Task SendRawAsync(Uri url, string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, url.Port, Cancellation);
        await client.GetStream().WriteAsync(Encoding.UTF8.GetBytes(request), Cancellation);
        using var reader = new StreamReader(client.GetStream());
        Assert.Matches("^HTTP/1.1 [45]", await reader.ReadLineAsync(Cancellation));
    }

    [GeneratedRegex(@"^The app starts as process (\d+) ")]
    private static partial Regex StartedLine();
}
