using Azure;
using Azure.Data.Tables;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Projecting;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.Tests.Commands;

/// <summary>What the commands print.</summary>
public sealed class CommandTextTests(AzuriteFixture azurite)
{
    private static readonly Guid Account = new("aaaaaaaa-0000-0000-0000-000000000001");
    private static readonly NotificationId Failed = Ids.Minute(5);
    private static readonly NotificationId Rejected = Ids.Minute(6);

    [Fact]
    public async Task Results_are_approved()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        await services.ProjectAsync(Ids.Minute(1), NotificationBody.Of("installed", Account, apiId: "Acme", cycles: [Account]));
        await services.ProjectAsync(Ids.Minute(2), NotificationBody.Of(NotificationBody.Unknown, Account, apiId: "Acme"));
        await services.ProjectAsync(Ids.Minute(3), NotificationBody.Of("stopped", Account, apiId: "Acme"), "Cyclr/1.0");
        await services.Clients.Installs.UpdateEntityAsync(
            new TableEntity(Account.ToString(), "1") { ["Status"] = "running" }, ETag.All, TableUpdateMode.Merge, Cancellation);
        await services.RecordAsync(
            Failed, DeadLetter.Failed, FailureReason.ProjectionFailed,
            await services.SendAsync(Failed, NotificationBody.Of("stopped", Account)), userAgent: "Cyclr/1.0");
        await services.RecordAsync(
            Rejected, DeadLetter.Rejected, RejectionReason.InvalidJson, "not JSON", userAgent: "Cyclr/1.0");
        await services.RecordAsync(Ids.Minute(7), DeadLetter.Rejected, RejectionReason.TooLarge, "{", userAgent: "Cyclr/1.0");

        Approved.AssertIs("results", await Transcript.OfAsync(
            arguments => InProcessCli.RunAsync(services.ConnectionString, arguments),
            "accounts",
            "accounts ACM --json",
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
}
