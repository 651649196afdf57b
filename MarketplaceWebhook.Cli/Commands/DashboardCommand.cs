using System.CommandLine;
using System.Runtime.InteropServices;
using MarketplaceWebhook.Cli.Dashboard;
using MarketplaceWebhook.Cli.Output;
using MarketplaceWebhook.Storage;
using Microsoft.Extensions.Configuration;

namespace MarketplaceWebhook.Cli.Commands;

internal static class DashboardCommand
{
    public static Command Create(IConfiguration environment)
    {
        var storage = CommandStorage.Option();
        var fallback = CommandStorage.FallbackOption();
        var port = PageOptions.Port(0);
        var dashboardUrl = PageOptions.DashboardUrl();
        var command = new Command(
            "dashboard",
            "Serves a page on this machine that shows the accounts, dead letters, status and change feed of a storage account, "
            + "until Ctrl+C; changes nothing.\nExit codes: 0 ended by Ctrl+C or SIGTERM; 1 invalid input, or storage failed at "
            + "the start.")
        {
            storage, fallback, port, dashboardUrl,
        };
        command.SetAction(async (parsed, token) =>
        {
            await using var opened = CommandStorage.Open(environment, parsed.GetValue(storage), parsed.GetValue(fallback));
            return await RunAsync(opened, parsed.GetValue(port), parsed.GetValue(dashboardUrl), token);
        });
        return command;
    }

    private static async Task<int> RunAsync(
        CommandStorage storage, int port, Uri? dashboardUrl, CancellationToken cancellationToken)
    {
        // A page that cannot read anything would be the worse place to say so.
        if (!await storage.Get<StatusChangeLog>().ExistsAsync(cancellationToken))
        {
            ConsoleOutput.Remark(
                $"The storage has no table {StorageNames.StatusChangesTable}: the application has not run on it.");
        }

        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var hangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
        {
            signal.Cancel = true;
            ending.Cancel();
        });
        await using var page = new LocalDashboard(
            storage.Settings, key: null, Task.FromResult(ChartLibrary.FindInstalled()), dashboardUrl);
        await using var server = await PageServer.StartAsync(port, page.Map, cancellationToken);
        page.Start();
        Console.Out.WriteLine($"Page  {page.UrlOn(server.BaseAddress)}");
        Console.Out.WriteLine("Ctrl+C ends it.");
        await Task.Delay(Timeout.InfiniteTimeSpan, ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return 0;
    }
}
