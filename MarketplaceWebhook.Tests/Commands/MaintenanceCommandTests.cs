using System.Text;
using System.Text.Json.Nodes;
using Azure;
using Azure.Data.Tables;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Projecting;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.Tests.Commands;

public sealed class MaintenanceCommandTests(AzuriteFixture azurite)
{
    private static readonly Guid Account = new("aaaaaaaa-0000-0000-0000-000000000001");
    private static readonly Guid Cycle = new("cccccccc-0000-0000-0000-00000000000a");
    private static readonly NotificationId Installed = Ids.Minute(1);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Show_prints_installs_cycles_and_history_and_text_from_outside_as_text()
    {
        await using var rooms = await InstalledAsync("[red]Acme[/]\u001b[2J\u202Ecba");

        using var shown = await CliProcess.RunAsync(rooms.ConnectionString, "show", Account.ToString("N"));

        Assert.Equal(0, shown.ExitCode);
        Assert.Contains(@"[red]Acme[/]\u{1B}[2J\u{202E}cba", shown.Output, StringComparison.Ordinal);
        Assert.Contains(Cycle.ToString(), shown.Output, StringComparison.Ordinal);
        Assert.Contains(Installed.ToString(), shown.Output, StringComparison.Ordinal);
        Assert.Contains("2026-01-01 00:01:00", shown.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-hook", shown.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', shown.Output);
    }

    [Fact]
    public async Task Show_finds_the_account_by_the_partners_id_and_prints_JSON()
    {
        await using var rooms = await InstalledAsync("a 'b' / c");
        await rooms.ProjectAsync(Ids.Minute(2), NotificationBody.Of("stopped", Account, apiId: "a 'b' / c"));

        using var shown = await CliProcess.RunAsync(rooms.ConnectionString, "show", "a 'b' / c", "--json", "--history", "1");

        Assert.Equal(0, shown.ExitCode);
        var account = JsonNode.Parse(shown.Output)![0]!;
        Assert.Equal(Account.ToString(), (string?)account["accountId"]);
        Assert.Equal((1, "stopped", "2026-01-01T00:02:00.000Z"),
            ((int)account["installs"]![0]!["packageId"]!, (string?)account["installs"]![0]!["status"],
                (string?)account["installs"]![0]!["statusAt"]));
        Assert.Equal("Hook", (string?)account["cycles"]![0]!["steps"]![0]);
        Assert.Equal(Ids.Minute(2).ToString(), (string?)Assert.Single(account["history"]!.AsArray())!["notificationId"]);
    }

    [Fact]
    public async Task Show_of_rows_that_somebody_damaged_prints_what_is_there()
    {
        await using var rooms = await InstalledAsync();
        await rooms.Clients.Installs.UpsertEntityAsync(
            new TableEntity(Account.ToString(), "1") { ["Status"] = 7, ["Errors"] = "no JSON" }, TableUpdateMode.Replace, Token);

        using var shown = await CliProcess.RunAsync(rooms.ConnectionString, "show", Account.ToString());

        Assert.Equal(0, shown.ExitCode);
        Assert.Contains("no JSON", shown.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rebuild_names_a_wrong_row_applies_and_is_content()
    {
        await using var rooms = await InstalledAsync();
        await rooms.Clients.Installs.UpdateEntityAsync(
            new TableEntity(Account.ToString(), "1") { ["Status"] = "stopped" }, ETag.All, TableUpdateMode.Merge, Token);

        using var found = await CliProcess.RunAsync(rooms.ConnectionString, "rebuild", "--settle", "0");
        using var json = await CliProcess.RunAsync(
            rooms.ConnectionString, "rebuild", Account.ToString(), "--settle", "0", "--json");
        using var applied = await CliProcess.RunAsync(rooms.ConnectionString, "rebuild", "--settle", "0", "--apply");
        using var again = await CliProcess.RunAsync(rooms.ConnectionString, "rebuild", "--settle", "0");

        Assert.Equal([2, 2, 0, 0], new[] { found, json, applied, again }.Select(result => result.ExitCode));
        Assert.Matches(@"1 +Status +is +stopped\s+should be +installed", found.Output);
        Assert.EndsWith(
            "Compared 1 account, 1 notification: 1 difference in 1 account. `rebuild --apply` writes what should "
            + "be.\n", found.Error, StringComparison.Ordinal);
        Assert.Equal("Status", (string?)JsonNode.Parse(json.Output)!["differing"]![0]!["differences"]![0]!["column"]);
        Assert.Contains("1 difference in 1 account, applied.", applied.Error, StringComparison.Ordinal);
        Assert.Contains("no difference.", again.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dead_letters_are_listed_shown_and_redriven()
    {
        await using var rooms = await InstalledAsync();
        await RecordAsync(
            rooms, Ids.Minute(5), DeadLetter.Failed, FailureReason.ProjectionFailed, await rooms.SendAsync(Ids.Minute(5), NotificationBody.Of("stopped", Account)));
        await RecordAsync(rooms, Ids.Minute(6), DeadLetter.Rejected, RefusalReason.InvalidJson, "[red]no JSON\u001b[2J");
        await RecordAsync(rooms, Ids.Minute(7), DeadLetter.Rejected, RefusalReason.TooLarge, "{");

        using var listed = await CliProcess.RunAsync(rooms.ConnectionString, "deadletters");
        using var json = await CliProcess.RunAsync(rooms.ConnectionString, "deadletters", "--kind", "rejected", "--json");
        using var recent = await CliProcess.RunAsync(rooms.ConnectionString, "deadletters", "--since", "1s");
        using var shown = await CliProcess.RunAsync(rooms.ConnectionString, "deadletters", "show", Ids.Minute(6).ToString());
        using var dry = await CliProcess.RunAsync(rooms.ConnectionString, "redrive", "--all", "--dry-run");
        using var one = await CliProcess.RunAsync(rooms.ConnectionString, "redrive", Ids.Minute(5).ToString());
        using var all = await CliProcess.RunAsync(rooms.ConnectionString, "redrive", "--all");

        Assert.Equal(
            [0, 0, 0, 0, 2, 0, 2], new[] { listed, json, recent, shown, dry, one, all }.Select(result => result.ExitCode));
        Assert.All([5, 6, 7], minute => Assert.Contains(Ids.Minute(minute).ToString(), listed.Output, StringComparison.Ordinal));
        Assert.Equal(
            [Ids.Minute(7).ToString(), Ids.Minute(6).ToString()], JsonNode.Parse(json.Output)!.AsArray().Select(letter => (string?)letter!["notificationId"]));
        Assert.Contains("There are no dead letters of this kind and time.", recent.Error, StringComparison.Ordinal);
        Assert.Contains(@"[red]no JSON\u{1B}[2J", shown.Output, StringComparison.Ordinal);
        Assert.Contains($"would be redriven  failed  {Ids.Minute(5)}", dry.Output, StringComparison.Ordinal);
        Assert.Contains($"redriven  failed  {Ids.Minute(5)}", one.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(Ids.Minute(5).ToString(), all.Output, StringComparison.Ordinal);
        Assert.Contains(
            $"still refused  rejected  {Ids.Minute(6)}: body is not one JSON value: line 1, byte "
            + "2.", all.Output, StringComparison.Ordinal);
        Assert.Contains($"skipped, too large  rejected  {Ids.Minute(7)}", all.Output, StringComparison.Ordinal);
        Assert.NotNull(await MaintenanceServices.ReceiveAsync(rooms.Clients.Queue));
        Assert.Null(await MaintenanceServices.ReceiveAsync(rooms.Clients.Queue));
    }

    [Fact]
    public async Task Erase_counts_first_and_removes_with_yes()
    {
        await using var rooms = await InstalledAsync("Acme");

        using var counted = await CliProcess.RunAsync(rooms.ConnectionString, "erase", "Acme");
        Assert.NotEmpty(await rooms.InstallsAsync());
        using var erased = await CliProcess.RunAsync(rooms.ConnectionString, "erase", "Acme", "--yes");
        using var again = await CliProcess.RunAsync(rooms.ConnectionString, "erase", Account.ToString(), "--yes");

        Assert.Equal([2, 0, 0], new[] { counted, erased, again }.Select(result => result.ExitCode));
        Assert.Matches("installs and cycles +2 +table Installs", counted.Output);
        Assert.Contains(
            $"Nothing was changed: `erase {Account} --yes` removes it, for good.", counted.Error, StringComparison.Ordinal);
        Assert.Matches("notifications +1 +table StatusChanges", erased.Output);
        Assert.Empty(await rooms.InstallsAsync());
        using var gone = await CliProcess.RunAsync(rooms.ConnectionString, "show", Account.ToString());
        Assert.Equal(1, gone.ExitCode);
    }

    [Fact]
    public async Task Purge_counts_and_removes()
    {
        await using var rooms = await InstalledAsync();
        await rooms.ProjectAsync(Ids.Minute(2), NotificationBody.Of("paused", Account));

        var age = $"{(int)(DateTimeOffset.UtcNow - Ids.Start).TotalDays - 1}d";
        using var counted = await CliProcess.RunAsync(rooms.ConnectionString, "purge", "--older-than", age, "--dry-run");
        Assert.Equal(2, await rooms.Get<StatusChangeLog>().ReadAsync(null, Token).CountAsync(Token));
        using var purged = await CliProcess.RunAsync(rooms.ConnectionString, "purge", "--older-than", age);

        Assert.Equal([0, 0], new[] { counted, purged }.Select(result => result.ExitCode));
        Assert.All([counted, purged], result => Assert.Matches("notifications +1 +table StatusChanges", result.Output));
        Assert.Contains("1 notification of that age stay", purged.Error, StringComparison.Ordinal);
        Assert.Equal(1, await rooms.Get<StatusChangeLog>().ReadAsync(null, Token).CountAsync(Token));
    }

    public static TheoryData<string, string> Mistakes => new()
    {
        { "show nobody",
            "Nothing is known of an account 'nobody': give Cyclr's AccountId or the partner's AccountApiId, exactly as it was "
            + "sent." },
        { "show", "Required argument missing for command: 'show'." },
        { "show x --history -1", "--history must be a number, 0 or more." },
        { "deadletters --kind lost", "Argument 'lost' not recognized." },
        { "deadletters --since yesterday", "--since must be a number with a unit: 45s, 30m, 12h or 2d." },
        { "deadletters show 42", "'42' is no notification's id: give one as `deadletters` lists it." },
        { "redrive 019bb1b5-3d80-7000-8000-000000000001",
            "There is no dead letter 019bb1b5-3d80-7000-8000-000000000001: `deadletters` lists those that there are." },
        { "redrive", "Give either an ID, or several, or --all." },
        { "redrive 42 --all", "Give either an ID, or several, or --all." },
        { "rebuild nobody", "Nothing is known of an account 'nobody'" },
        { "rebuild --settle soon", "--settle must be a number of seconds, from 0 to 3600." },
        { "erase nobody --yes", "Nothing is known of an account 'nobody': give Cyclr's AccountId, a GUID." },
        { "purge --older-than 5m", "--older-than must be 1d or more: what is younger may still be on its way." },
        { "purge --older-than 99999999999999999999d", "--older-than must be a number with a unit" },
        { "purge", "Option '--older-than' is required." },
        { "show x --storage no;connection=string", "AzureWebJobsStorage is no valid storage connection string." },
        { "show x --storage Not-A-Name", "A storage account's name is 3 to 24 lower-case letters and digits." },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public async Task A_mistake_gets_one_line_that_says_what_to_do(string command, string line)
    {
        await using var rooms = await MaintenanceServices.StartAsync(azurite);

        using var result = await CliProcess.RunAsync(rooms.ConnectionString, command.Split(' '));

        Assert.Equal(1, result.ExitCode);
        Assert.Contains(line, result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_storage_that_the_application_never_used_is_named_and_left_empty()
    {
        var connectionString = azurite.NewAccount();

        using var result = await CliProcess.RunAsync(connectionString, "redrive", "--all");

        Assert.Equal(1, result.ExitCode);
        Assert.Contains(
            "has no table StatusChanges: the application has not run on this storage.", result.Error, StringComparison.Ordinal);
        Assert.Empty(await new TableServiceClient(connectionString).QueryAsync(cancellationToken: Token).ToListAsync(Token));
    }

    [Fact]
    public async Task A_storage_out_of_reach_is_one_line()
    {
        const string Nowhere = "DefaultEndpointsProtocol=http;AccountName=nobody;AccountKey=bm9uZQ==;BlobEndpoint=http://127.0.0.1:9/nobody;QueueEndpoint=http://127.0.0.1:9/nobody;TableEndpoint=http://127.0.0.1:9/nobody;";

        using var result = await CliProcess.RunAsync(Nowhere, "deadletters");

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("The storage cannot be reached", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("show")]
    [InlineData("rebuild")]
    [InlineData("deadletters")]
    [InlineData("deadletters show")]
    [InlineData("redrive")]
    [InlineData("erase")]
    [InlineData("purge")]
    public async Task Help_has_the_exit_codes(string command)
    {
        using var help = await CliProcess.RunAsync(null, [.. command.Split(' '), "--help"]);

        Assert.Equal(0, help.ExitCode);
        Assert.Matches(@"Exit codes:\s+0 ", help.Output);
        Assert.Contains("--storage <STORAGE>", help.Output, StringComparison.Ordinal);
    }

    private async Task<MaintenanceServices> InstalledAsync(string? apiId = null)
    {
        var rooms = await MaintenanceServices.StartAsync(azurite);
        await rooms.ProjectAsync(Installed, NotificationBody.Of("installed", Account, apiId: apiId, cycles: [Cycle]));
        return rooms;
    }

    private static Task RecordAsync(MaintenanceServices rooms, NotificationId id, string kind, string reason, string body) =>
        rooms.Get<DeadLetterTable>().RecordAsync(
            new DeadLetter
            {
                Kind = kind,
                Id = id,
                Reason = reason,
                Detail = "why",
                Body = Encoding.UTF8.GetBytes(body),
                BodyLength = Encoding.UTF8.GetByteCount(body),
            },
            Token);
}
