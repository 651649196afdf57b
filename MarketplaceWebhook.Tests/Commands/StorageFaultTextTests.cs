using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Azure;
using Azure.Data.Tables;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Projecting;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Telemetry;
using MarketplaceWebhook.Tests.Support;
using MarketplaceWebhook.Tests.Support.Faults;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace MarketplaceWebhook.Tests.Commands;

/// <summary>
/// Every command that uses storage, with every fault of storage: its exit code, and one line on stderr after the name of the
/// storage.
/// </summary>
public sealed partial class StorageFaultTextTests(AzuriteFixture azurite)
{
    private const int MaxConcurrency = 32;

    private static readonly Guid Account = new("aaaaaaaa-0000-0000-0000-000000000001");
    private static readonly NotificationId Failed = Ids.Minute(5);
    private static readonly NotificationId Probed = Ids.Minute(20);
    private static readonly string Long = new('x', 40_000);

    /// <summary>Null: scans are slow, but within the time limit.</summary>
    private static readonly (string Name, Fault? Fault)[] Faults =
    [
        ("hang", Fault.NoResponse),
        ("reset", Fault.BrokenConnection),
        ("401", new Fault.Response(401, "InvalidAuthenticationInfo")),
        ("403", Fault.Forbidden),
        ("409", new Fault.Response(409, "Conflict")),
        ("412", new Fault.Response(412, "ConditionNotMet")),
        ("500", Fault.InternalError),
        ("503", Fault.ServerBusy),
        ("slow", null),
    ];

    /// <summary>Each command with what is broken besides all of its calls.</summary>
    private static readonly (string Text, Target[] Targets)[] Commands =
    [
        ("status", [Target.Tables, Target.Queues]),
        ("show Acme", [Target.Tables]),
        ("show Acme --history 10", [Target.Tables]),
        ("deadletters", [Target.Tables]),
        ($"deadletters show {Failed}", [Target.Tables]),
        ($"redrive {Failed}", [Target.Tables, Target.Queues, Target.Writes]),
        ("redrive --all --kind failed", [Target.Tables, Target.Queues, Target.Writes]),
        ("rebuild --settle 0", [Target.Tables, Target.Blobs]),
        ("rebuild --settle 0 --apply", [Target.Tables, Target.Blobs, Target.Writes]),
        ("reconcile", [Target.Tables, Target.Writes]),
        ($"erase {Account}", [Target.Tables, Target.Queues, Target.Blobs]),
        ($"erase {Account} --yes --wait 0s", [Target.Tables, Target.Queues, Target.Blobs, Target.Writes]),
        ("purge --older-than 1d --yes --wait 0s", [Target.Tables, Target.Queues, Target.Blobs, Target.Writes]),
        ("probe", []),
    ];

    /// <summary>The calls that fail.</summary>
    private enum Target
    {
        All,

        /// <summary>After the first call, which checks that the application has run on the storage.</summary>
        Tables,
        Queues,
        Blobs,
        Writes,
    }

    [Fact]
    public async Task Commands_on_a_failing_storage_print_one_line_and_return_the_exit_code_as_approved()
    {
        await using var cyclr = await CyclrStandIn.StartAsync();
        cyclr.Add("Acme");
        var settings = new Dictionary<string, string>(cyclr.Environment)
        {
            ["TimeLimits__Maintenance"] = "00:00:03",
            ["TimeLimits__Projecting"] = "00:00:03",
        };
        await using var app = await ProbedApp.StartAsync();
        using var slots = new SemaphoreSlim(MaxConcurrency);
        var unchanged = await PrepareAsync();

        var table = await Task.WhenAll(Commands.Select(async command =>
        {
            var changes = command.Targets.Contains(Target.Writes);
            var (changed, slow) = changes ? (await PrepareAsync(), await PrepareAsync()) : (unchanged, unchanged);
            var arguments = command.Text is "probe" ? ["probe", "--url", app.Url] : command.Text.Split(' ');
            var rows = command.Targets.Prepend(Target.All).Select(async target => (target, Results: await Task.WhenAll(
                Faults.Where(fault => fault.Fault is not null || target is Target.All).Select(fault => RunAsync(
                    // If the first call or the first write fails, nothing is changed.
                    fault.Fault is null ? slow : target is Target.All or Target.Writes ? unchanged : changed,
                    arguments, settings, target, fault.Fault, slots)))));
            return (command.Text, Rows: await Task.WhenAll(rows));
        }));

        var text = new StringBuilder(
            $"{"exit code of",-42}{"failing",-8}{string.Concat(Faults.Select(fault => $"{fault.Name,6}"))}\n");
        foreach (var (command, rows) in table)
        {
            foreach (var (target, results) in rows)
            {
                text.Append(
                    $"{Named(command),-42}{target,-8}{string.Concat(results.Select(result => $"{result.ExitCode,6}"))}\n");
            }
        }

        text.Append("\nstderr with exit code 1\n");
        foreach (var (fault, column) in Faults.Select((fault, column) => (fault.Name, column)))
        {
            foreach (var line in table.SelectMany(command => command.Rows).SelectMany(row => row.Results.Skip(column).Take(1))
                .Where(result => result.ExitCode == 1).Select(result => result.Error).Distinct().Order(StringComparer.Ordinal))
            {
                text.Append($"{fault,-6} {line}\n");
            }
        }

        Approved.AssertIs("storage-faults", text.ToString());
    }

    private static string Named(string command) => command
        .Replace(Account.ToString(), "ID", StringComparison.Ordinal).Replace(Failed.ToString(), "ID", StringComparison.Ordinal);

    private static async Task<(int ExitCode, string Error)> RunAsync(
        string storage, string[] arguments, Dictionary<string, string> settings, Target target, Fault? fault,
        SemaphoreSlim slots)
    {
        await slots.WaitAsync(Cancellation);
        try
        {
            await using var proxy = await FaultProxy.StartAsync(storage, Cancellation);
            var isHit = false;
            proxy.Before = async call =>
            {
                var isFailing = target switch
                {
                    Target.All => true,
                    Target.Tables => call.Kind == StorageKind.Table && call.Number > 1,
                    Target.Queues => call.Kind == StorageKind.Queue,
                    Target.Blobs => call.Kind == StorageKind.Blob,
                    _ => call.Method is not ("GET" or "HEAD"),
                };
                isHit |= isFailing;
                if (fault is null && isFailing && call.Operation is "Query Entities" or "List Blobs")
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(300), Cancellation);
                }

                return isFailing ? fault : null;
            };

            var result = await InProcessCli.RunAsync(proxy.ConnectionString, settings, arguments);

            Assert.True(isHit, $"No such call: {string.Join(' ', arguments)} {target}");
            var lines = result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Where(line => !line.StartsWith("Storage: ", StringComparison.Ordinal));
            return (result.ExitCode, Reasons().Replace(string.Join(" | ", lines), "(REASON)"));
        }
        finally
        {
            slots.Release();
        }
    }

    /// <summary>A storage with something to do for every command.</summary>
    private async Task<string> PrepareAsync()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        await services.ProjectAsync(
            Ids.Minute(1), NotificationBody.Of("installed", Account, apiId: "Acme", cycles: [Account], padding: Long));
        await services.ProjectAsync(
            Ids.Minute(2), NotificationBody.Of(NotificationBody.Unknown, Account, apiId: "Acme", padding: Long));
        await services.ProjectAsync(Ids.Minute(3), NotificationBody.Of(NotificationBody.Unknown, Account, apiId: "Acme"));
        await services.ProjectAsync(Probed, NotificationBody.Of("probe", Guid.Empty));
        await services.Clients.Installs.UpdateEntityAsync(
            new TableEntity(Account.ToString(), "1") { ["Status"] = "running" }, ETag.All, TableUpdateMode.Merge, Cancellation);
        var text = await services.SendAsync(Failed, NotificationBody.Of("stopped", Account));
        await services.Get<DeadLetterTable>().RecordAsync(
            new DeadLetter
            {
                Kind = DeadLetter.Failed,
                Id = Failed,
                Reason = FailureReason.ProjectionFailed,
                Detail = "why",
                AccountId = Account,
                Body = Encoding.UTF8.GetBytes(text),
                BodyLength = text.Length,
            },
            Cancellation);
        return services.ConnectionString;
    }

    [GeneratedRegex(@"(?<=cannot be reached )\([^)]*\)")]
    private static partial Regex Reasons();

    /// <summary>Accepts every notification under the id of a row that exists.</summary>
    private sealed class ProbedApp(WebApplication web) : IAsyncDisposable
    {
        public string Url => web.Urls.Single();

        public static async Task<ProbedApp> StartAsync()
        {
            var builder = WebApplication.CreateEmptyBuilder(new());
            builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
            var web = builder.Build();
            web.Run(context =>
            {
                context.Response.StatusCode = StatusCodes.Status202Accepted;
                context.Response.Headers[ApplicationVersion.HeaderName] = ApplicationVersion.Text;
                return context.Response.WriteAsync($$"""{"notificationId":"{{Probed}}"}""");
            });
            await web.StartAsync(Cancellation);
            return new ProbedApp(web);
        }

        public ValueTask DisposeAsync() => web.DisposeAsync();
    }
}
