using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;
using Azure;
using Azure.Data.Tables;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Projecting;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;
using MarketplaceWebhook.Tests.Support.Faults;

namespace MarketplaceWebhook.Tests.Commands;

public sealed class MaintenanceCommandTests(AzuriteFixture azurite)
{
    private static readonly Guid Account = new("aaaaaaaa-0000-0000-0000-000000000001");
    private static readonly Guid Cycle = new("cccccccc-0000-0000-0000-00000000000a");
    private static readonly NotificationId Installed = Ids.Minute(1);

    [Fact]
    public async Task Redrive_reports_a_message_on_the_poison_queue_that_is_delayed()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        await services.Clients.PoisonQueue.SendMessageAsync(
            "text", TimeSpan.FromMinutes(5), cancellationToken: Cancellation);

        var redriven = await InProcessCli.RunAsync(services.ConnectionString, "redrive", "--all");

        Assert.Equal(2, redriven.ExitCode);
        Assert.Contains("Not received: 1 message on the poison queue", redriven.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Show_prints_installs_cycles_and_history_with_data_escaped()
    {
        await using var services = await InstalledAsync("[red]Acme[/] :warning:\u001b[2J\u202Ecba");

        var shown = await InProcessCli.RunAsync(services.ConnectionString, "show", Account.ToString("N"));

        Assert.Equal(0, shown.ExitCode);
        Assert.Contains(@"[red]Acme[/] :warning:\u{1B}[2J\u{202E}cba", shown.Output, StringComparison.Ordinal);
        Assert.Contains(Cycle.ToString(), shown.Output, StringComparison.Ordinal);
        Assert.Contains(Installed.ToString(), shown.Output, StringComparison.Ordinal);
        Assert.Contains("2026-01-01 00:01:00", shown.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-hook", shown.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', shown.Output);
    }

    [Fact]
    public async Task Show_finds_an_account_by_its_AccountApiId_and_prints_JSON()
    {
        await using var services = await InstalledAsync("a 'b' / c");
        await services.ProjectAsync(Ids.Minute(2), NotificationBody.Of("stopped", Account, apiId: "a 'b' / c"));

        var shown = await InProcessCli.RunAsync(services.ConnectionString, "show", "a 'b' / c", "--json", "--history", "1");

        Assert.Equal(0, shown.ExitCode);
        var account = JsonNode.Parse(shown.Output)![0]!;
        Assert.Equal(Account.ToString(), (string?)account["accountId"]);
        Assert.Equal((1, "stopped", "2026-01-01T00:02:00.000Z"),
            ((int)account["installs"]![0]!["packageId"]!, (string?)account["installs"]![0]!["status"],
                (string?)account["installs"]![0]!["statusAt"]));
        Assert.Equal("Hook", (string?)account["cycles"]![0]!["steps"]![0]);
        Assert.Equal(Ids.Minute(2).ToString(), (string?)Assert.Single(account["history"]!.AsArray())!["notificationId"]);
    }

    [Theory]
    [InlineData("INITECH", "Initech Ltd", "bbbbbbbb")]
    [InlineData("ech l", "Initech Ltd")]
    [InlineData("aaaaaaaa", "Initech Ltd")]
    [InlineData("BBB", "bbbbbbbb")]
    public async Task Accounts_are_found_by_a_part_of_either_id_in_any_case(string text, params string[] expected)
    {
        await using var services = await InstalledAsync("Initech Ltd");
        await services.ProjectAsync(
            Ids.Minute(9), NotificationBody.Of("installed", new("bbbbbbbb-0000-0000-0000-000000000002"), apiId: "initech-2"));
        await services.ProjectAsync(Ids.Minute(10), NotificationBody.Of("installed", Guid.Empty, apiId: "another"));

        var found = await InProcessCli.RunAsync(services.ConnectionString, "accounts", text);

        Assert.Equal(0, found.ExitCode);
        Assert.All(expected, one => Assert.Contains(one, found.Output, StringComparison.Ordinal));
        Assert.Equal(expected.Length, found.Output.Split("-0000-0000-0000-").Length - 1);
    }

    [Fact]
    public async Task Accounts_with_errors_come_first_and_an_uninstalled_package_has_none()
    {
        await using var services = await InstalledAsync("older");
        foreach (var (minute, status, package) in new[] { (2, "installed", 7L), (3, "installed", 8L), (4, "uninstalled", 8L) })
        {
            var body = JsonNode.Parse(NotificationBody.Of(status, Account, package, "older"))!;
            body["Errors"] = new JsonArray("one", "two");
            await services.ProjectAsync(Ids.Minute(minute), body.ToJsonString());
        }

        await services.ProjectAsync(Ids.Minute(9), NotificationBody.Of("installed", Guid.Empty, apiId: "newer"));

        var found = await InProcessCli.RunAsync(services.ConnectionString, "accounts", "--json");

        var accounts = JsonNode.Parse(found.Output)!.AsArray();
        Assert.Equal(
            [("older", 2L, "2026-01-01T00:04:00.000Z"), ("newer", 0L, "2026-01-01T00:09:00.000Z")],
            accounts.Select(one => ((string)one!["accountApiIds"]![0]!, (long)one["errors"]!, (string)one["changedAt"]!)));
    }

    [Fact]
    public async Task Show_suggests_the_accounts_that_have_the_text()
    {
        await using var services = await InstalledAsync("Initech Ltd");

        var shown = await InProcessCli.RunAsync(services.ConnectionString, "show", "initech");

        Assert.Equal(1, shown.ExitCode);
        Assert.EndsWith("Unknown account 'initech'. Similar: 'Initech Ltd'.\n", shown.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Show_with_the_largest_history_prints_all_notifications()
    {
        await using var services = await InstalledAsync();

        var shown = await InProcessCli.RunAsync(
            services.ConnectionString, "show", Account.ToString(), "--history", $"{int.MaxValue}");

        Assert.Equal(0, shown.ExitCode);
        Assert.Contains(Installed.ToString(), shown.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Show_downloads_only_the_rows_that_it_prints_and_no_payload()
    {
        await using var services = await InstalledAsync();
        for (var minute = 2; minute <= 40; minute++)
        {
            await services.ProjectAsync(
                Ids.Minute(minute), NotificationBody.Of(NotificationBody.Unknown, Account, padding: "long payload"));
        }

        await using var proxy = await FaultProxy.StartAsync(services.ConnectionString, Cancellation);
        var responses = new ConcurrentQueue<string>();
        proxy.After = (call, response) =>
        {
            if (call.Resource.StartsWith("StatusChanges", StringComparison.Ordinal))
            {
                responses.Enqueue(Encoding.UTF8.GetString(response.Content.Span));
            }

            return Task.FromResult<Fault?>(null);
        };

        var shown = await InProcessCli.RunAsync(proxy.ConnectionString, "show", Account.ToString());

        Assert.Equal(0, shown.ExitCode);
        Assert.Contains("There are older notifications: show more with --history 200.", shown.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(responses, response => response.Contains("long payload", StringComparison.Ordinal));
        // 20, one that shows that there are older ones, and one that ends the millisecond of the last.
        Assert.Equal(22, responses.Sum(response => response.Split("\"NotificationId\":").Length - 1));
    }

    [Fact]
    public async Task Show_prints_damaged_rows()
    {
        await using var services = await InstalledAsync();
        await services.Clients.Installs.UpsertEntityAsync(
            new TableEntity(
                Account.ToString(), "1")
            { ["Status"] = 7, ["Errors"] = "no JSON" }, TableUpdateMode.Replace, Cancellation);

        var shown = await InProcessCli.RunAsync(services.ConnectionString, "show", Account.ToString());
        var json = await InProcessCli.RunAsync(services.ConnectionString, "show", Account.ToString(), "--json");

        Assert.Equal((0, 0), (shown.ExitCode, json.ExitCode));
        Assert.Contains("no JSON", shown.Output, StringComparison.Ordinal);
        Assert.Equal(
            """{"row":"1","errors":["no JSON"],"status":7}""",
            JsonNode.Parse(json.Output)![0]!["installs"]![0]!.ToJsonString());
    }

    [Fact]
    public async Task Rebuild_reports_a_wrong_row_and_apply_fixes_it()
    {
        await using var services = await InstalledAsync();
        await services.Clients.Installs.UpdateEntityAsync(
            new TableEntity(Account.ToString(), "1") { ["Status"] = "stopped" }, ETag.All, TableUpdateMode.Merge, Cancellation);

        var found = await InProcessCli.RunAsync(services.ConnectionString, "rebuild", "--settle", "0");
        var json = await InProcessCli.RunAsync(
            services.ConnectionString, "rebuild", Account.ToString(), "--settle", "0", "--json");
        var applied = await InProcessCli.RunAsync(services.ConnectionString, "rebuild", "--settle", "0", "--apply");
        var again = await InProcessCli.RunAsync(services.ConnectionString, "rebuild", "--settle", "0");

        Assert.Equal([2, 2, 0, 0], new[] { found, json, applied, again }.Select(result => result.ExitCode));
        Assert.Matches(@"1 +Status +is +stopped\s+should be +installed", found.Output);
        Assert.EndsWith(
            "Compared 1 account, 1 notification: 1 difference in 1 account. `rebuild --apply` writes the correct "
            + "rows.\n", found.Error, StringComparison.Ordinal);
        Assert.Equal("Status", (string?)JsonNode.Parse(json.Output)!["differing"]![0]!["differences"]![0]!["column"]);
        Assert.Contains("1 difference in 1 account, applied.", applied.Error, StringComparison.Ordinal);
        Assert.Contains("no difference.", again.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dead_letters_are_listed_shown_and_redriven()
    {
        await using var services = await InstalledAsync();
        await RecordAsync(
            services, Ids.Minute(5), DeadLetter.Failed, FailureReason.ProjectionFailed,
            await services.SendAsync(Ids.Minute(5), NotificationBody.Of("stopped", Account)));
        await RecordAsync(services, Ids.Minute(6), DeadLetter.Rejected, RejectionReason.InvalidJson, "[red]no JSON\u001b[2J");
        await RecordAsync(services, Ids.Minute(7), DeadLetter.Rejected, RejectionReason.TooLarge, "{");

        var listed = await InProcessCli.RunAsync(services.ConnectionString, "deadletters");
        var json = await InProcessCli.RunAsync(services.ConnectionString, "deadletters", "--kind", "rejected", "--json");
        var recent = await InProcessCli.RunAsync(services.ConnectionString, "deadletters", "--since", "1s");
        var shown = await InProcessCli.RunAsync(services.ConnectionString, "deadletters", "show", Ids.Minute(6).ToString());
        var dry = await InProcessCli.RunAsync(services.ConnectionString, "redrive", "--all", "--dry-run");
        var one = await InProcessCli.RunAsync(services.ConnectionString, "redrive", Ids.Minute(5).ToString());
        var all = await InProcessCli.RunAsync(services.ConnectionString, "redrive", "--all");

        Assert.Equal(
            [0, 0, 0, 0, 2, 0, 2], new[] { listed, json, recent, shown, dry, one, all }.Select(result => result.ExitCode));
        Assert.All([5, 6, 7], minute => Assert.Contains(Ids.Minute(minute).ToString(), listed.Output, StringComparison.Ordinal));
        Assert.Equal(
            [Ids.Minute(7).ToString(), Ids.Minute(6).ToString()],
            JsonNode.Parse(json.Output)!.AsArray().Select(deadLetter => (string?)deadLetter!["notificationId"]));
        Assert.Contains("There are no dead letters of this kind, time and account.", recent.Error, StringComparison.Ordinal);
        Assert.Contains(@"[red]no JSON\u{1B}[2J", shown.Output, StringComparison.Ordinal);
        Assert.Contains($"would be redriven  failed  {Ids.Minute(5)}", dry.Output, StringComparison.Ordinal);
        Assert.Contains($"redriven  failed  {Ids.Minute(5)}", one.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(Ids.Minute(5).ToString(), all.Output, StringComparison.Ordinal);
        Assert.Contains(
            $"still rejected  rejected  {Ids.Minute(6)}: body is not one JSON value: line 1, byte "
            + "2.", all.Output, StringComparison.Ordinal);
        Assert.Contains($"skipped, too large  rejected  {Ids.Minute(7)}", all.Output, StringComparison.Ordinal);
        Assert.NotNull(await MaintenanceServices.ReceiveAsync(services.Clients.Queue));
        Assert.Null(await MaintenanceServices.ReceiveAsync(services.Clients.Queue));
    }

    public static TheoryData<string, int[]> Filters => new()
    {
        { "", [1, 2, 3] },
        { "--kind failed", [2] },
        { "--reason invalid-notification", [1, 3] },
        { "--account aaaaaaaa000000000000000000000001", [1, 2] },
        { "--account Acme", [1, 2] },
        { "--until 2d", [1, 2] },
        { "--since 2d", [3] },
        { "--reason invalid-notification --account Acme --until 2d", [1] },
    };

    [Theory]
    [MemberData(nameof(Filters))]
    public async Task Redrive_selects_dead_letters_by_its_filters(string filter, int[] selected)
    {
        await using var services = await InstalledAsync("Acme");
        var old = NotificationBody.Of("stopped", Account);
        var recent = NotificationBody.Of("stopped", Guid.NewGuid());
        var ids = new Dictionary<int, NotificationId>
        {
            [1] = Ids.Minute(5),
            [2] = Ids.Minute(6),
            [3] = Ids.At(DateTimeOffset.UtcNow.AddDays(-1)),
        };
        await RecordAsync(services, ids[1], DeadLetter.Rejected, RejectionReason.InvalidNotification, old, Account);
        await RecordAsync(
            services, ids[2], DeadLetter.Failed, FailureReason.ProjectionFailed, await services.SendAsync(ids[2], old), Account);
        await RecordAsync(services, ids[3], DeadLetter.Rejected, RejectionReason.InvalidNotification, recent, Guid.NewGuid());
        await services.Clients.PoisonQueue.SendMessageAsync(await services.SendAsync(Ids.Minute(9), old), Cancellation);

        var result = await InProcessCli.RunAsync(
            services.ConnectionString,
            ["redrive", "--all", "--dry-run", .. filter.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);

        Assert.Equal(0, result.ExitCode);
        Assert.Equal(
            selected,
            ids.Where(id => result.Output.Contains(id.Value.ToString(), StringComparison.Ordinal)).Select(id => id.Key));
        Assert.Equal(
            filter is "" or "--kind failed", result.Output.Contains(Ids.Minute(9).ToString(), StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Acme", 1)]
    [InlineData("aaaaaaaa000000000000000000000001", 1)]
    [InlineData("bbbbbbbb000000000000000000000002", 2)]
    public async Task Dead_letters_of_one_account_are_listed(string account, int listed)
    {
        await using var services = await InstalledAsync("Acme");
        var other = Guid.Parse("bbbbbbbb000000000000000000000002");
        await RecordAsync(services, Ids.Minute(1), DeadLetter.Rejected, RejectionReason.InvalidNotification, "{}", Account);
        await RecordAsync(services, Ids.Minute(2), DeadLetter.Rejected, RejectionReason.InvalidNotification, "{}", other);
        await RecordAsync(services, Ids.Minute(3), DeadLetter.Rejected, RejectionReason.InvalidJson, "no JSON");

        var result = await InProcessCli.RunAsync(services.ConnectionString, "deadletters", "--account", account);

        Assert.Equal(0, result.ExitCode);
        Assert.Equal(
            [listed],
            Enumerable.Range(1, 3).Where(
                minute => result.Output.Contains(Ids.Minute(minute).ToString(), StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Erase_counts_without_yes_and_deletes_with_yes()
    {
        await using var services = await InstalledAsync("Acme");

        var counted = await InProcessCli.RunAsync(services.ConnectionString, "erase", "Acme");
        Assert.NotEmpty(await services.InstallsAsync());
        var erased = await InProcessCli.RunAsync(services.ConnectionString, "erase", "Acme", "--yes");
        var again = await InProcessCli.RunAsync(services.ConnectionString, "erase", Account.ToString(), "--yes");

        Assert.Equal([2, 0, 0], new[] { counted, erased, again }.Select(result => result.ExitCode));
        Assert.Matches("installs and cycles +2 +table Installs", counted.Output);
        Assert.Contains(
            $"Nothing was changed. `erase {Account} --yes` deletes the data permanently.", counted.Error,
            StringComparison.Ordinal);
        Assert.Matches("notifications +1 +table StatusChanges", erased.Output);
        Assert.Empty(await services.InstallsAsync());
        var gone = await InProcessCli.RunAsync(services.ConnectionString, "show", Account.ToString());
        Assert.Equal(1, gone.ExitCode);
    }

    [Fact]
    public async Task Erase_is_incomplete_while_a_message_is_being_processed()
    {
        await using var services = await InstalledAsync();
        var text = await services.SendAsync(
            Ids.Minute(2), NotificationBody.Of(NotificationBody.Unknown, Account, padding: new string('x', 40_000)));
        await services.Get<Projector>().ProjectAsync(text, Cancellation);
        await services.Get<NotificationQueue>().ResendAsync(text, Cancellation);
        await services.Clients.Queue.ReceiveMessageAsync(TimeSpan.FromMinutes(5), Cancellation);

        var erased = await InProcessCli.RunAsync(
            services.ConnectionString, "erase", Account.ToString(), "--yes", "--wait", "0s");

        Assert.Equal(2, erased.ExitCode);
        Assert.Contains("1 message of unknown accounts cannot be inspected now", erased.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Purge_counts_and_deletes_only_with_yes()
    {
        await using var services = await InstalledAsync();
        await services.ProjectAsync(Ids.Minute(2), NotificationBody.Of(NotificationBody.Unknown, Account));

        var age = $"{(int)(DateTimeOffset.UtcNow - Ids.Start).TotalDays - 1}d";
        var counted = await InProcessCli.RunAsync(services.ConnectionString, "purge", "--older-than", age);
        Assert.Equal(2, await services.Get<StatusChangeLog>().ReadAsync(null, Cancellation).CountAsync(Cancellation));
        var purged = await InProcessCli.RunAsync(services.ConnectionString, "purge", "--older-than", age, "--yes");

        Assert.Equal([0, 0], new[] { counted, purged }.Select(result => result.ExitCode));
        Assert.All([counted, purged], result => Assert.Matches("notifications +1 +table StatusChanges", result.Output));
        Assert.Contains("Kept 1 notification of that age", purged.Error, StringComparison.Ordinal);
        Assert.Equal(1, await services.Get<StatusChangeLog>().ReadAsync(null, Cancellation).CountAsync(Cancellation));
    }

    [Fact]
    public async Task Purge_is_incomplete_while_a_message_is_being_processed()
    {
        await using var services = await InstalledAsync();
        await services.ProjectAsync(
            Ids.Minute(2), NotificationBody.Of(NotificationBody.Unknown, Account, padding: new string('x', 40_000)));
        await services.Clients.Queue.SendMessageAsync("{}", Cancellation);
        await services.Clients.Queue.ReceiveMessageAsync(TimeSpan.FromMinutes(5), Cancellation);

        // Storage has no old blobs here: only counting goes by the rows alone.
        var purged = await InProcessCli.RunAsync(services.ConnectionString, "purge", "--older-than", "1d");

        Assert.Equal(2, purged.ExitCode);
        Assert.Contains(
            "Bodies of that age that were kept because a message may still need them: 1.", purged.Error,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Command_on_an_unused_storage_fails_and_creates_nothing()
    {
        var connectionString = azurite.NewAccount();

        var result = await InProcessCli.RunAsync(connectionString, "redrive", "--all");

        Assert.Equal(1, result.ExitCode);
        Assert.Contains(
            "has no table StatusChanges: the application has not run on this storage.", result.Error, StringComparison.Ordinal);
        Assert.Empty(
            await new TableServiceClient(connectionString).QueryAsync(cancellationToken: Cancellation).ToListAsync(Cancellation));
    }

    [Fact]
    public async Task Unreachable_storage_fails_with_one_line()
    {
        const string Nowhere =
            "DefaultEndpointsProtocol=http;AccountName=unreachable;AccountKey=bm9uZQ==;BlobEndpoint=http://127.0.0.1:9/unreachable;QueueEndpoint=http://127.0.0.1:9/unreachable;TableEndpoint=http://127.0.0.1:9/unreachable;";

        var result = await InProcessCli.RunAsync(Nowhere, "deadletters");

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("Storage cannot be reached", result.Error, StringComparison.Ordinal);
    }

    private async Task<MaintenanceServices> InstalledAsync(string? apiId = null)
    {
        var services = await MaintenanceServices.StartAsync(azurite);
        await services.ProjectAsync(Installed, NotificationBody.Of("installed", Account, apiId: apiId, cycles: [Cycle]));
        return services;
    }

    private static Task RecordAsync(
        MaintenanceServices services, NotificationId id, string kind, string reason, string body, Guid? account = null) =>
        services.Get<DeadLetterTable>().RecordAsync(
            new DeadLetter
            {
                Kind = kind,
                Id = id,
                Reason = reason,
                Detail = "why",
                AccountId = account,
                Body = Encoding.UTF8.GetBytes(body),
                BodyLength = Encoding.UTF8.GetByteCount(body),
            },
            Cancellation);
}
