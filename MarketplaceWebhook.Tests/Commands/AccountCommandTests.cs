using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;
using Azure.Data.Tables;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Tests.Support;
using MarketplaceWebhook.Tests.Support.Faults;

namespace MarketplaceWebhook.Tests.Commands;

/// <summary>`show` and `accounts`.</summary>
public sealed class AccountCommandTests(AzuriteFixture azurite)
{
    private static readonly Guid Account = new("aaaaaaaa-0000-0000-0000-000000000001");
    private static readonly Guid Cycle = new("cccccccc-0000-0000-0000-00000000000a");
    private static readonly NotificationId Installed = Ids.Minute(1);

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
        Assert.Contains(
            "There are older notifications or dead letters: show more with --history 200.", shown.Error, StringComparison.Ordinal);
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

    private async Task<MaintenanceServices> InstalledAsync(string? apiId = null)
    {
        var services = await MaintenanceServices.StartAsync(azurite);
        await services.ProjectAsync(Installed, NotificationBody.Of("installed", Account, apiId: apiId, cycles: [Cycle]));
        return services;
    }
}
