using System.CommandLine;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using MarketplaceWebhook.Cli.Dashboard;
using MarketplaceWebhook.Cli.Output;
using MarketplaceWebhook.LocalHost;
using MarketplaceWebhook.LocalHost.App;
using MarketplaceWebhook.LocalHost.Queues;
using MarketplaceWebhook.LocalHost.Storage;
using MarketplaceWebhook.Storage;
using Microsoft.Extensions.Configuration;

namespace MarketplaceWebhook.Cli.Commands;

internal static class DevCommand
{
    public static Command Create(IConfiguration environment)
    {
        var port = PageOptions.Port(7071);
        var key = new Option<string?>("--key")
        {
            Description =
                "The function key that callers must send. Default: DEV_KEY in the environment, otherwise a random key for each run, "
                + "which send and probe find.",
            HelpName = "KEY",
        };
        var app = new Option<string?>("--app")
        {
            Description = "The folder of a built function app. Default: the app that this tool was built with.",
            HelpName = "DIR",
        };
        var waitForDebugger = new Option<bool>("--wait-for-debugger")
        {
            Description = "Let the app wait until a debugger is attached to its process.",
        };
        var dashboardUrl = PageOptions.DashboardUrl();

        var forwardTo = ForwardToOption.Create();
        var useRemoteStorage = RemoteStorage.Option();

        var command = new Command(
            "dev",
            "Runs the function app on this machine, with the storage emulator unless AzureWebJobsStorage is set, until Ctrl+C.\n"
            + "Exit codes: 0 ended by Ctrl+C or SIGTERM; 1 invalid input, or it could not start.")
        {
            port, key, app, waitForDebugger, dashboardUrl, forwardTo, useRemoteStorage,
        };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            environment,
            parsed.GetValue(port),
            parsed.GetValue(key) ?? KeyIn(environment) ?? RandomNumberGenerator.GetHexString(48, lowercase: true),
            parsed.GetValue(app) ?? Path.Combine(AppContext.BaseDirectory, "app"),
            parsed.GetValue(waitForDebugger),
            parsed.GetValue(dashboardUrl),
            parsed.GetValue(forwardTo),
            parsed.GetValue(useRemoteStorage),
            cancellationToken));
        return command;
    }

    private static string? KeyIn(IConfiguration environment) =>
        environment["DEV_KEY"] is { } key && !string.IsNullOrWhiteSpace(key) ? key : null;

    private static Dictionary<string, string?> SettingsFor(AppSettings settings)
    {
        var environment = new Dictionary<string, string?> { [ChangeFeedSetting.Name] = settings.ChangeFeed };
        if (settings.Fallback is null)
        {
            // As in a deployment without a second account: the host does not poll the queues of a fallback.
            environment["AzureWebJobs.MoveFallback.Disabled"] = "true";
            environment["AzureWebJobs.RetryFallback.Disabled"] = "true";
        }

        return environment;
    }

    private static AppSettings ReadSettings(IConfiguration environment, Uri? forwardTo)
    {
        var settings = AppSettings.Read(
            environment,
            StorageSettings.Find(environment, StorageSettings.Name) ?? CommandStorage.Emulator,
            StorageSettings.Find(environment, StorageSettings.FallbackName));
        return forwardTo is null || settings.ChangeFeed is not null
            ? settings
            : settings with { ChangeFeed = ForwardToOption.DefaultQueue };
    }

    /// <summary>
    /// As a deployment does: the Functions host polls the queues from its start, and may log a warning for every poll of one that
    /// does not exist. If storage fails, the app starts all the same.
    /// </summary>
    private static async Task CreateStorageAsync(AppSettings settings, DevConsole console, CancellationToken cancellationToken)
    {
        using var waiting = new WaitingRemark();
        StorageClients?[] accounts =
        [
            new(settings.Storage, StorageProfile.Primary, settings.ChangeFeed),
            settings.Fallback is { } fallback ? new(fallback, StorageProfile.Fallback) : null,
        ];
        try
        {
            await Task.WhenAll(
                accounts.OfType<StorageClients>().Select(account => account.CreateMissingAsync(cancellationToken)));
        }
        catch (Exception exception) when (
            !cancellationToken.IsCancellationRequested && ExpectedFailure.Describe(exception) is { } line)
        {
            console.Report(line);
        }
    }

    private static async Task<int> RunAsync(
        IConfiguration environment, int port, string key, string app, bool waitForDebugger, Uri? dashboardUrl, Uri? forwardTo,
        bool useRemoteStorage, CancellationToken cancellationToken)
    {
        // Closing the terminal also ends everything that was started. Ctrl+C and SIGTERM cancel already.
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var hangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
        {
            signal.Cancel = true;
            ending.Cancel();
        });

        FunctionApp.RequireFolder(app);
        var settings = ReadSettings(environment, forwardTo);
        if (!useRemoteStorage)
        {
            RemoteStorage.Refuse(settings);
        }

        if (port > 0)
        {
            DevEndpoint.RequireNotRunning(port);
            LocalFunctionsHost.RequireFreePort(port);
        }

        using var endpoint = DevEndpoint.Reserve(settings.Storage);
        var console = new DevConsole();
        await using var storage = await DevStorage.OpenAsync(
            StorageSettings.Find(environment, StorageSettings.Name), console.Report, ending.Token);
        await CreateStorageAsync(settings, console, ending.Token);
        await using var page = new LocalDashboard(
            settings with { Fallback = null },
            key,
            ChartLibrary.FindAsync(console.Report, ending.Token),
            dashboardUrl);
        await using var host = await LocalFunctionsHost.StartAsync(
            new LocalFunctionsHostOptions
            {
                AppDirectory = app,
                Port = port,
                Key = key,
                WaitsForDebugger = waitForDebugger,
                StorageConnection = storage.Connection,
                Environment = SettingsFor(settings),
                Observe = Observe,
                MapOther = page.Map,
            },
            ending.Token);

        page.Attach(host);
        if (host.ReceiverUrl is { } receiver)
        {
            endpoint.Publish(receiver, key);
        }

        console.Welcome(host, page, key, storage.Description);
        console.WarnOfRemote(settings);
        await using var forwarder = forwardTo is null ? null : Forward(settings, forwardTo);
        await Task.Delay(Timeout.InfiniteTimeSpan, ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        console.Report("Stopping ...");
        return 0;

        void Observe(HostEvent seen)
        {
            console.Observe(seen);
            page.Observe(seen);
        }

        ChangeForwarder Forward(AppSettings settings, Uri url)
        {
            console.Forwarding(settings.ChangeFeed!, isDefault: ChangeFeedSetting.Read(environment) is null, url);
            return ChangeForwarder.Start(settings.Storage, settings.ChangeFeed!, url, Observe);
        }
    }
}
