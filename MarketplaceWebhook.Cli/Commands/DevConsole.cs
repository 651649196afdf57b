using System.Text.Json;
using MarketplaceWebhook.Cli.Dashboard;
using MarketplaceWebhook.Cli.Output;
using MarketplaceWebhook.LocalHost;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Telemetry;
using Microsoft.AspNetCore.Http;
using Spectre.Console;

namespace MarketplaceWebhook.Cli.Commands;

/// <summary>The output of `dev`. It contains no key and no query, except in the one URL that is meant to be copied.</summary>
internal sealed class DevConsole
{
    private readonly IAnsiConsole _console = AnsiConsole.Create(new AnsiConsoleSettings());
    private readonly Lock _gate = new();
    private int _lastHealth = StatusCodes.Status200OK;

    /// <summary>Why the application of --forward-to did not respond to the last request; null: it did.</summary>
    private string? _forwardFailure;

    // The terminal wraps long lines; a URL that is broken here could not be copied.
    public DevConsole() => _console.Profile.Width = 4096;

    public void Report(string line) => _console.WriteParts((SafeText.Of(line), ConsoleOutput.Dim));

    public void Welcome(LocalFunctionsHost host, LocalDashboard page, string key, string storage)
    {
        _console.WriteLine();
        if (host.ReceiverUrl is { } receiver)
        {
            var url = $"{receiver}?code={Uri.EscapeDataString(key)}";
            Named("URL for Cyclr", url);
            Named("Try it", Curl(url));
        }

        Named("Page", $"{page.UrlOn(host.BaseAddress)}");
        Named("Storage", storage);
        Named("App", $"process {host.WorkerProcessId}");
        _console.WriteLine("Ctrl+C ends it.");
        _console.WriteLine();
    }

    /// <summary>Which accounts a run with --use-remote-storage uses.</summary>
    public void WarnOfRemote(AppSettings settings)
    {
        foreach (var (storage, profile) in new[]
        {
            (settings.Storage, StorageProfile.Primary), (settings.Fallback, StorageProfile.Fallback),
        })
        {
            if (storage?.RemoteService is not null)
            {
                Warn($"This dev uses {new StorageClients(storage, profile).Description}, which is not on this machine"
                    + $"{(profile.IsFallback ? ", as its fallback storage" : "")}.");
            }
        }
    }

    public void Forwarding(string queue, bool isDefault, Uri url)
    {
        Report($"ChangeFeed is {(isDefault ? $"not set: {queue} is used" : queue)}.");
        Report($"Its changes are posted to {ForwardToOption.WithoutQuery(url)}.");
        _console.WriteLine();
    }

    /// <summary>The host and the change feed report independently of each other.</summary>
    public void Observe(HostEvent seen)
    {
        lock (_gate)
        {
            Print(seen);
        }
    }

    private void Print(HostEvent seen)
    {
        switch (seen)
        {
            case WorkerWrote wrote:
                Report($"  {wrote.Line}");
                break;
            case HostWrote wrote:
                Report($"  {wrote.Line}");
                break;
            case WorkerStarted started:
                Report($"The app starts as process {started.ProcessId} ...");
                break;
            case WorkerReady ready:
                Report($"The app is ready after {ready.After.TotalSeconds:0.00} s.");
                break;
            case FunctionNotRun notRun:
                Warn($"The function {notRun.Function} is not run: {notRun.Reason}.");
                break;
            case RequestNotForwarded request:
                Warn($"A request was not sent to {request.Function}: {request.Reason}.");
                break;
            case WorkerExited exited:
                Warn($"The app (process {exited.ProcessId}) ended with exit code {exited.ExitCode}; it is started again."
                    + RealHost(exited.RealHost));
                break;
            case WorkerRestarted restarted:
                Warn($"The app (process {restarted.ProcessId}) is killed and started again: {restarted.Reason}.");
                break;
            case WorkerNotStarted notStarted:
                Warn(notStarted.Reason);
                break;
            case HttpInvocation { Function: "Health" } health when health.Status == _lastHealth:
                // The page requests it every second while it is open.
                break;
            case HttpInvocation call:
                _lastHealth = call.Function == "Health" ? call.Status : _lastHealth;
                Print(call);
                break;
            case QueueInvocation invocation:
                Print(invocation);
                break;
            case ChangeForwarded { Status: null } forwarded:
                if (forwarded.Reason != _forwardFailure)
                {
                    Warn($"Your application did not respond ({forwarded.Reason}): the changes stay on the queue and are posted "
                        + "again.");
                }

                _forwardFailure = forwarded.Reason;
                break;
            case ChangeForwarded forwarded:
                _forwardFailure = null;
                Print(forwarded);
                break;
            case MessagePoisoned poisoned:
                Warn($"A message of {poisoned.QueueName} went to the poison queue: {poisoned.Reason}.");
                break;
            case MessageAbandoned abandoned:
                Warn(
                    $"A message of {abandoned.QueueName} failed for the last time; it stays in the queue and is never delivered again.");
                break;
            case StorageFailed failed:
                Warn($"Storage does not respond for {failed.QueueName}: {failed.Reason}");
                break;
            case StorageRecovered recovered:
                Report($"Storage responds again for {recovered.QueueName}.");
                break;
        }
    }

    private void Print(HttpInvocation call)
    {
        var colour = call.Status switch { < 300 => Color.Green, < 500 => Color.Yellow, _ => Color.Red };
        var what = call.Status switch
        {
            StatusCodes.Status404NotFound when call.Function is null =>
                $"no function has this path and method: {call.Method} {call.Path}",
            StatusCodes.Status401Unauthorized => "the key is missing or wrong",
            StatusCodes.Status403Forbidden when call.Response.Length == 0 => "rejected: sent by a web page of another origin",
            _ => string.Join(
                "  ", new[] { Text(call.Response, "notificationId"), Text(call.Response, "detail") }.OfType<string>()),
        };
        Line(colour, $"{call.Status}", call.Function ?? "", what, call.Duration);
    }

    private void Print(QueueInvocation invocation)
    {
        var (colour, outcome) = invocation.Outcome switch
        {
            QueueOutcome.Completed => (Color.Green, "done"),
            QueueOutcome.Failed => (Color.Red, "failed"),
            _ => (Color.Red, "timeout"),
        };
        var what = Text(invocation.Text, "notificationId") ?? $"message {invocation.MessageId}";
        if (invocation.Outcome != QueueOutcome.Completed)
        {
            what += $"  attempt {invocation.DequeueCount}: {invocation.Detail}";
        }

        Line(colour, outcome, invocation.Function, what, invocation.Duration);
    }

    private void Print(ChangeForwarded forwarded)
    {
        var colour = forwarded.RetryAfter is null ? Color.Green : Color.Yellow;
        var what = Text(forwarded.Text, "id") is { } id
            ? $"{id}  {Text(forwarded.Text, "type")?.Split('.')[^1]}"
            : "a message that is not a change";
        if (forwarded.RetryAfter is { } pause)
        {
            var hint = forwarded.Status is >= 300 and <= 399 ? ", redirects are not followed" : "";
            what += $"  attempt {forwarded.DequeueCount}: {forwarded.Reason}{hint}; again in {pause.TotalSeconds:0} s";
        }

        Line(colour, $"{forwarded.Status}", "your application", what, forwarded.Duration);
    }

    private void Line(Color colour, string outcome, string function, string what, TimeSpan duration) => _console.WriteParts(
        ($"{DateTime.UtcNow:HH:mm:ss}Z", ConsoleOutput.Dim),
        ($"  {outcome,-7}", colour),
        ($"  {function,-20}  {SafeText.Of(what, 200)}", null),
        ($"  {duration.TotalMilliseconds:0} ms", ConsoleOutput.Dim));

    private void Named(string name, string value) =>
        _console.WriteParts(($"{name,-13}", ConsoleOutput.Bold), ($"  {value}", null));

    private void Warn(string line) => _console.WriteParts((SafeText.Of(line), Color.Yellow));

    private static string RealHost(RealHostReaction reaction) => reaction switch
    {
        RealHostReaction.RespondsWith500 => " In Azure it would not be started again, and every call would receive 500.",
        RealHostReaction.Stops => " In Azure the host itself would have stopped here: the third crash within 30 minutes.",
        _ => "",
    };

    private static string Curl(string url)
    {
        const string Body =
            """{"Status":"started","AccountId":"00000000-0000-0000-0000-000000000000","MarketplaceIntegrationPackageId":1234}""";
        return OperatingSystem.IsWindows()
            ? $"curl.exe -d \"{Body.Replace("\"", "\\\"", StringComparison.Ordinal)}\" \"{url}\""
            : $"curl -d '{Body}' '{url}'";
    }

    private static string? Text(string json, string name)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
                ? value.GetString()
                : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
