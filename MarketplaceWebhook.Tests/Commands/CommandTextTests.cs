using System.Text;
using System.Text.RegularExpressions;
using Azure;
using Azure.Data.Tables;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Projecting;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.Tests.Commands;

/// <summary>The texts of the tool: help, results and errors.</summary>
public sealed partial class CommandTextTests(AzuriteFixture azurite)
{
    private static readonly Guid Account = new("aaaaaaaa-0000-0000-0000-000000000001");
    private static readonly NotificationId Failed = Ids.Minute(5);
    private static readonly NotificationId Rejected = Ids.Minute(6);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("")]
    [InlineData("dev")]
    [InlineData("send")]
    [InlineData("probe")]
    [InlineData("status")]
    [InlineData("show")]
    [InlineData("rebuild")]
    [InlineData("reconcile")]
    [InlineData("deadletters")]
    [InlineData("deadletters show")]
    [InlineData("redrive")]
    [InlineData("erase")]
    [InlineData("purge")]
    public async Task Help_text_is_approved(string command)
    {
        using var help = await CliProcess.RunAsync(null, [.. Arguments(command), "--help"]);

        Assert.Equal((0, ""), (help.ExitCode, help.Error));
        Approved.AssertIs($"help {command}".TrimEnd().Replace(' ', '-'), help.Output);
    }

    [Fact]
    public async Task Results_are_approved()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        await services.ProjectAsync(Ids.Minute(1), NotificationBody.Of("installed", Account, apiId: "Acme", cycles: [Account]));
        await services.ProjectAsync(Ids.Minute(2), NotificationBody.Of("paused", Account, apiId: "Acme"));
        await services.ProjectAsync(Ids.Minute(3), NotificationBody.Of("stopped", Account, apiId: "Acme"), "Cyclr/1.0");
        await services.Clients.Installs.UpdateEntityAsync(
            new TableEntity(Account.ToString(), "1") { ["Status"] = "running" }, ETag.All, TableUpdateMode.Merge, Token);
        await RecordAsync(
            services, Failed, DeadLetter.Failed, FailureReason.ProjectionFailed,
            await services.SendAsync(Failed, NotificationBody.Of("stopped", Account)));
        await RecordAsync(services, Rejected, DeadLetter.Rejected, RejectionReason.InvalidJson, "not JSON");
        await RecordAsync(services, Ids.Minute(7), DeadLetter.Rejected, RejectionReason.TooLarge, "{");

        Approved.AssertIs("results", await TranscriptAsync(
            arguments => InProcessCli.RunAsync(services.ConnectionString, arguments),
            "show Acme",
            "show Acme --history 1",
            "show Acme --json",
            "deadletters",
            "deadletters --json",
            "deadletters --since 1s",
            $"deadletters show {Rejected}",
            $"deadletters show {Rejected} --json",
            "redrive --all --dry-run",
            "redrive --all",
            "rebuild --settle 0",
            "rebuild --settle 0 --apply",
            "rebuild --settle 0",
            "purge --older-than 1d",
            "purge --older-than 1d --yes",
            "erase Acme",
            "erase Acme --yes --wait 0s"));
    }

    [Fact]
    public async Task Errors_are_approved()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);

        Approved.AssertIs("errors", await TranscriptAsync(
            async arguments =>
            {
                using var cli = await CliProcess.RunAsync(services.ConnectionString, arguments);
                return new CliResult(cli.ExitCode, cli.Output, cli.Error);
            },
            "",
            "sho X",
            "--verson",
            "send",
            "send instaled",
            "send started --url http://127.0.0.1:1/",
            "send started --url http://example.com/",
            "status --since 99999999d",
            "status --fallback-storage no;connection=string",
            "show",
            "show X Y",
            "show X --jsn",
            "show unknown",
            "show x --history -1",
            "show x --storage no;connection=string",
            "show x --storage Not-A-Name",
            "deadletters --kind lost",
            "deadletters --since yesterday",
            "deadletters show",
            "deadletters show 42",
            "deadletters show 019bb1b5-3d80-7000-8000-000000000001",
            "redrive",
            "redrive --all --json",
            "redrive 42 --all",
            "redrive 42",
            "rebuild unknown",
            "rebuild --settle soon",
            "erase unknown --yes",
            "purge",
            "purge --older-than 5m",
            "purge --older-than 99999999999999999999d"));
    }

    /// <summary>Each command with its output, then the lines of stderr, then the exit code.</summary>
    private static async Task<string> TranscriptAsync(Func<string[], Task<CliResult>> runAsync, params string[] commands)
    {
        var text = new StringBuilder();
        foreach (var command in commands)
        {
            var result = await runAsync(Arguments(command));
            text.Append($"$ marketplace-webhook {command}\n{result.Output}");
            foreach (var line in result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                text.Append($"stderr: {line}\n");
            }

            text.Append($"exit code {result.ExitCode}\n\n");
        }

        return Times().Replace(StorageLines().Replace(text.ToString(), "Storage: ACCOUNT"), "older than TIME UTC");
    }

    private static string[] Arguments(string command) => command.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static Task RecordAsync(MaintenanceServices services, NotificationId id, string kind, string reason, string body) =>
        services.Get<DeadLetterTable>().RecordAsync(
            new DeadLetter
            {
                Kind = kind,
                Id = id,
                UserAgent = "Cyclr/1.0",
                Reason = reason,
                Detail = "the reason in words",
                Body = Encoding.UTF8.GetBytes(body),
                BodyLength = Encoding.UTF8.GetByteCount(body),
            },
            Token);

    [GeneratedRegex("Storage: .*")]
    private static partial Regex StorageLines();

    [GeneratedRegex("older than [0-9: -]+ UTC")]
    private static partial Regex Times();
}
