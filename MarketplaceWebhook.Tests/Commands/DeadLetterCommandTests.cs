using System.Text.Json.Nodes;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Projecting;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.Tests.Commands;

/// <summary>`deadletters` and `redrive`.</summary>
public sealed class DeadLetterCommandTests(AzuriteFixture azurite)
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
    public async Task Dead_letters_are_listed_shown_and_redriven()
    {
        await using var services = await InstalledAsync();
        await services.RecordAsync(
            Ids.Minute(5), DeadLetter.Failed, FailureReason.ProjectionFailed,
            await services.SendAsync(Ids.Minute(5), NotificationBody.Of("stopped", Account)));
        await services.RecordAsync(Ids.Minute(6), DeadLetter.Rejected, RejectionReason.InvalidJson, "[red]no JSON\u001b[2J");
        await services.RecordAsync(Ids.Minute(7), DeadLetter.Rejected, RejectionReason.TooLarge, "{");

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
        await services.RecordAsync(ids[1], DeadLetter.Rejected, RejectionReason.InvalidNotification, old, Account);
        await services.RecordAsync(
            ids[2], DeadLetter.Failed, FailureReason.ProjectionFailed, await services.SendAsync(ids[2], old), Account);
        await services.RecordAsync(ids[3], DeadLetter.Rejected, RejectionReason.InvalidNotification, recent, Guid.NewGuid());
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
        await services.RecordAsync(Ids.Minute(1), DeadLetter.Rejected, RejectionReason.InvalidNotification, "{}", Account);
        await services.RecordAsync(Ids.Minute(2), DeadLetter.Rejected, RejectionReason.InvalidNotification, "{}", other);
        await services.RecordAsync(Ids.Minute(3), DeadLetter.Rejected, RejectionReason.InvalidJson, "no JSON");

        var result = await InProcessCli.RunAsync(services.ConnectionString, "deadletters", "--account", account);

        Assert.Equal(0, result.ExitCode);
        Assert.Equal(
            [listed],
            Enumerable.Range(1, 3).Where(
                minute => result.Output.Contains(Ids.Minute(minute).ToString(), StringComparison.Ordinal)));
    }

    private async Task<MaintenanceServices> InstalledAsync(string? apiId = null)
    {
        var services = await MaintenanceServices.StartAsync(azurite);
        await services.ProjectAsync(Installed, NotificationBody.Of("installed", Account, apiId: apiId, cycles: [Cycle]));
        return services;
    }
}
