using System.CommandLine.Parsing;
using System.Text;
using System.Text.RegularExpressions;
using MarketplaceWebhook.EndToEndTests.Application;
using MarketplaceWebhook.EndToEndTests.Support;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.EndToEndTests.Documents;

/// <summary>
/// Every command of the tool in README and docs/ is run alongside a running `dev`, in the order of the documents, with the
/// storage and the URL of that `dev`.
/// </summary>
public sealed partial class DocumentedCommandTests(AzuriteFixture azurite)
{
    private const string Account = "Acme & Co";

    /// <summary>Both run until they are stopped, and have tests of their own.</summary>
    private static readonly string[] NotRun =
    [
        "dashboard", "dev", "dev --app artifacts/app", "dev --wait-for-debugger",
        "dev --forward-to http://localhost:3000/changes",
    ];

    /// <summary>The first two find `dev` by its folder, a variable of their process.</summary>
    private static readonly string[] AsProcess = ["send", "probe", "--help"];

    [Fact]
    public async Task Commands_end_with_the_approved_exit_codes()
    {
        var commands = DocumentTests.Documents
            .SelectMany(document => DocumentTests.ToolCommands(document.Data)).Select(WithoutConnection).Distinct().ToList();
        Assert.Subset(commands.ToHashSet(), NotRun.ToHashSet());
        await using var services = await MaintenanceServices.StartAsync(azurite);
        await services.ProjectAsync(Ids.Minute(1), NotificationBody.Of("installed", Guid.NewGuid(), apiId: Account));
        await using var cyclr = await CyclrStandIn.StartAsync();
        cyclr.Add(Account);
        using var dev = await CliProcess.StartDevAsync(services.ConnectionString, "--app", EndToEndHost.AppDirectory);
        var environment = new Dictionary<string, string>(dev.SameFolder.Concat(cyclr.Environment));
        await File.WriteAllTextAsync(Path.Combine(dev.Folder, "bad.json"), "{}", Cancellation);
        var text = new StringBuilder();

        foreach (var command in commands.Except(NotRun))
        {
            await RecordDeadLettersAsync(services, command);
            var arguments = Arguments(command, dev.Folder);
            var (exitCode, output) = AsProcess.Contains(arguments[0])
                ? await RunAsProcessAsync(services.ConnectionString, environment, arguments)
                : await RunAsync(services.ConnectionString, environment, arguments);
            text.Append($"{exitCode}  {command}\n");
            if (exitCode == 0 && arguments[0] == "send")
            {
                await UntilProjectedAsync(services, output);
            }
        }

        // 1 is the response 400 to bad.json; 2 are differences, dead letters that stay, and an erasure without --yes.
        Approved.AssertIs("documented-commands", text.ToString());
    }

    private static async Task<(int ExitCode, string Output)> RunAsync(
        string storage, IReadOnlyDictionary<string, string> environment, string[] arguments)
    {
        var result = await InProcessCli.RunAsync(storage, environment, arguments);
        return (result.ExitCode, result.Output);
    }

    private static async Task<(int ExitCode, string Output)> RunAsProcessAsync(
        string storage, IReadOnlyDictionary<string, string> environment, string[] arguments)
    {
        using var result = await CliProcess.RunAsync(storage, environment, arguments);
        return (result.ExitCode, result.Output);
    }

    private static string WithoutConnection(string command) => ConnectionOption().Replace(command, "")
        .Replace("…", "ACCOUNT", StringComparison.Ordinal)
        .Replace("ACCOUNT", $"\"{Account}\"", StringComparison.Ordinal);

    private static string[] Arguments(string command, string folder) =>
    [
        .. CommandLineParser.SplitCommandLine(
            command.Replace("bad.json", Path.Combine(folder, "bad.json"), StringComparison.Ordinal)),
    ];

    /// <summary>The ones that the command names.</summary>
    private static async Task RecordDeadLettersAsync(MaintenanceServices services, string command)
    {
        foreach (var text in Id().Matches(command).Select(match => match.Value))
        {
            Assert.True(NotificationId.TryParse(text, out var id));
            var body = Encoding.UTF8.GetBytes(NotificationBody.Of("stopped", Guid.NewGuid()));
            await services.Get<DeadLetterTable>().RecordAsync(
                new DeadLetter
                {
                    Kind = DeadLetter.Rejected,
                    Id = id,
                    Reason = RejectionReason.InvalidNotification,
                    Detail = "the reason in words",
                    Body = body,
                    BodyLength = body.Length,
                },
                Cancellation);
        }
    }

    private static Task UntilProjectedAsync(MaintenanceServices services, string output)
    {
        var id = Id().Match(output).Value;
        return Wait.ForAsync(
            $"the row of {id}",
            async () => await Rows.ListAsync(services.Clients.StatusChanges, Cancellation),
            rows => rows.Any(row => row.GetString("NotificationId") == id),
            Cancellation);
    }

    [GeneratedRegex(" --(storage|url) ('[^']*'|\\S+)")]
    private static partial Regex ConnectionOption();

    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")]
    private static partial Regex Id();
}
