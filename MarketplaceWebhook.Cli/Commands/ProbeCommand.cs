using System.CommandLine;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Telemetry;
using Microsoft.Extensions.Configuration;

namespace MarketplaceWebhook.Cli.Commands;

internal static class ProbeCommand
{
    public static Command Create(IConfiguration environment)
    {
        var url = TargetUrl.Option();
        var storage = CommandStorage.Option();
        var command = new Command(
            "probe",
            "Sends a notification with the status 'probe' through the app and waits until it is in StatusChanges.\n"
            + "Exit codes: 0 it arrived, or it was accepted and the app's storage is unknown; "
            + "1 it was not accepted, or did not arrive within 60 s.")
        {
            url, storage,
        };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            environment, TargetUrl.Read(environment, parsed.GetValue(url)), parsed.GetValue(storage), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        IConfiguration environment, Uri target, string? storage, CancellationToken cancellationToken)
    {
        // Only an app on this machine can use the emulator.
        var settings = CommandStorage.FindSettings(environment, storage) ?? (target.IsLoopback ? CommandStorage.Emulator : null);
        var clients = settings is null
            ? null : new StorageClients(settings, StorageProfile.Primary with { CreatesOnRead = false });
        using var http = TargetUrl.CreateClient(target);
        var probe = new Probe(http, clients, TimeProvider.System)
        {
            // An app on this machine needs no role assignment.
            RoleDeadline = target.IsLoopback ? TimeSpan.Zero : TimeSpan.FromMinutes(10),
            Report = line => Console.Error.WriteLine(SafeText.Of(line)),
        };

        var id = await probe.PostAsync(target, cancellationToken);
        Console.WriteLine($"Accepted as {id}.");
        if (clients is null)
        {
            Console.Error.WriteLine("Not checked whether it is projected: pass the app's storage in --storage.");
            return 0;
        }

        var delay = await probe.WaitForRowAsync(id, cancellationToken);
        Console.WriteLine($"It is in {StorageNames.StatusChangesTable}, {delay.TotalSeconds:0.0} s after receipt.");
        return 0;
    }
}
