using System.Text.Json.Nodes;
using Azure;
using Azure.Data.Tables;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Projecting;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.Tests.Commands;

/// <summary>`rebuild`, `erase`, `purge`, and what all commands do.</summary>
public sealed class MaintenanceCommandTests(AzuriteFixture azurite)
{
    private static readonly Guid Account = new("aaaaaaaa-0000-0000-0000-000000000001");
    private static readonly Guid Cycle = new("cccccccc-0000-0000-0000-00000000000a");
    private static readonly NotificationId Installed = Ids.Minute(1);

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
}
