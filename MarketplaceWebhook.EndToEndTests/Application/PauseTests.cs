using System.Net;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.EndToEndTests.Application;

/// <summary>The projection is paused by the setting that docs/operations.md describes.</summary>
public sealed class PauseTests(AzuriteFixture azurite)
{
    private const string Setting = "AzureWebJobs.ProjectNotification.Disabled";

    [Fact]
    public async Task Notification_waits_undelivered_while_the_projection_is_paused_and_is_projected_after_it_is_resumed()
    {
        Assert.SkipUnless(EndToEndHost.IsLocal, "It restarts the application.");
        var storage = azurite.NewAccount();
        var account = Guid.NewGuid();
        var queue = new QueueClient(storage, StorageNames.Queue);
        await using (var paused = await StartAsync(storage, "true"))
        {
            using var response = await paused.PostAsync(NotificationTests.OfAccount("installed", account));
            Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        }

        PeekedMessage message = await queue.PeekMessageAsync(Cancellation);
        Assert.Equal(0, message.DequeueCount);

        await using var resumed = await StartAsync(storage, "false");
        await resumed.InstallsAsync(account, "the install", rows => rows.Count > 0);
    }

    [Theory]
    [InlineData("true")]
    [InlineData("false")]
    public void Operations_have_the_command_that_sets_it(string value) =>
        Assert.Contains($"--settings {Setting}={value}", Repository.Read("docs/operations.md"), StringComparison.Ordinal);

    private static Task<EndToEndHost> StartAsync(string storage, string isDisabled) =>
        EndToEndHost.StartLocalAsync(storage, settings: new Dictionary<string, string?> { [Setting] = isDisabled });
}
