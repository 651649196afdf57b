using System.Text.Json.Nodes;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Projecting;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;
using MarketplaceWebhook.Tests.Support.Faults;

namespace MarketplaceWebhook.Tests.Commands;

/// <summary>An account with what went wrong in it: installs with errors, and dead letters.</summary>
public sealed class ShowCommandTests(AzuriteFixture azurite)
{
    private static readonly Guid Acme = new("aaaaaaaa-0000-0000-0000-000000000001");
    private static readonly Guid OnlyRejected = new("bbbbbbbb-0000-0000-0000-000000000002");

    [Fact]
    public async Task Account_with_errors_and_dead_letters_is_approved()
    {
        await using var services = await PrepareAsync();

        Approved.AssertIs("show", await Transcript.OfAsync(
            arguments => InProcessCli.RunAsync(services.ConnectionString, arguments),
            "show Acme",
            "show Acme --history 1",
            "show Acme --history 0",
            "show Acme --json",
            $"show {OnlyRejected}",
            $"show {Guid.Empty}"));
    }

    /// <summary>A body that was rejected because its AccountId is not readable belongs to no account.</summary>
    [Fact]
    public async Task Dead_letter_without_a_readable_account_is_not_one_of_the_account()
    {
        await using var services = await PrepareAsync();
        var id = Ids.Minute(20);
        await services.RecordAsync(id, DeadLetter.Rejected, RejectionReason.InvalidJson, $"{Acme} cut off");

        var shown = await InProcessCli.RunAsync(services.ConnectionString, "show", "Acme", "--json");
        var all = await InProcessCli.RunAsync(services.ConnectionString, "deadletters", "--json");

        Assert.DoesNotContain(id.ToString(), shown.Output, StringComparison.Ordinal);
        Assert.Contains(id.ToString(), all.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_is_shown_after_an_erasure()
    {
        await using var services = await PrepareAsync();

        foreach (var account in (string[])[Acme.ToString(), OnlyRejected.ToString()])
        {
            var before = await InProcessCli.RunAsync(services.ConnectionString, "show", account);
            await InProcessCli.RunAsync(services.ConnectionString, "erase", account, "--yes", "--wait", "0s");
            var after = await InProcessCli.RunAsync(services.ConnectionString, "show", account);

            Assert.Equal((0, 1, ""), (before.ExitCode, after.ExitCode, after.Output));
            Assert.Contains($"Unknown account '{account}'", after.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Fallback_storage_in_the_environment_changes_nothing_in_any_state()
    {
        await using var services = await PrepareAsync();
        await using var denied = await FaultProxy.StartAsync(azurite.NewAccount(), Cancellation);
        await using var hanging = await FaultProxy.StartAsync(azurite.NewAccount(), Cancellation);
        using var isDenied = denied.Break(Fault.Forbidden);
        using var isHanging = hanging.Break(Fault.NoResponse);
        var expected = await InProcessCli.RunAsync(services.ConnectionString, "show", "Acme");

        foreach (var fallback in (string[])[azurite.NewAccount(), denied.ConnectionString, hanging.ConnectionString])
        {
            var shown = await InProcessCli.RunAsync(
                services.ConnectionString, new Dictionary<string, string> { [StorageSettings.FallbackName] = fallback },
                ["show", "Acme"]);
            Assert.Equal((0, expected.Output), (shown.ExitCode, shown.Output));
        }
    }

    [Fact]
    public async Task Package_with_errors_that_was_uninstalled_needs_nobody()
    {
        await using var services = await PrepareAsync();
        await services.ProjectAsync(Ids.Minute(9), NotificationBody.Of("uninstalled", Acme, 7, "Acme"));

        var shown = await InProcessCli.RunAsync(services.ConnectionString, "show", "Acme", "--json");

        Assert.Equal("[]", JsonNode.Parse(shown.Output)![0]!["installsWithErrors"]!.ToJsonString());
    }

    private async Task<MaintenanceServices> PrepareAsync()
    {
        var services = await MaintenanceServices.StartAsync(azurite);
        await services.ProjectAsync(Ids.Minute(1), NotificationBody.Of("installed", Acme, 1, "Acme"));
        await services.ProjectAsync(
            Ids.Minute(2),
            $$"""{"Status":"installed","AccountId":"{{Acme}}","AccountApiId":"Acme","MarketplaceIntegrationPackageId":7,"Errors":["no consent","no key"]}""");
        await services.RecordAsync(Ids.Minute(3), DeadLetter.Failed, FailureReason.ProjectionFailed, "message", Acme);
        await services.RecordAsync(Ids.Minute(4), DeadLetter.Rejected, RejectionReason.InvalidNotification, "{}", Acme);
        await services.RecordAsync(Ids.Minute(5), DeadLetter.Rejected, RejectionReason.InvalidNotification, "{}", OnlyRejected);
        foreach (var deadLetter in await services.Get<DeadLetterTable>().FindAsync(Ids.Minute(3), Cancellation))
        {
            await services.Get<DeadLetterTable>().MarkRedrivenAsync(deadLetter, Ids.Start, Cancellation);
        }

        return services;
    }
}
