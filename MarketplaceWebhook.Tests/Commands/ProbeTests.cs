using System.Net;
using Azure;
using Azure.Data.Tables;
using MarketplaceWebhook.Cli.Commands;
using MarketplaceWebhook.Cli.Output;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Telemetry;
using MarketplaceWebhook.Tests.Support;
using Moq;

namespace MarketplaceWebhook.Tests.Commands;

public sealed class ProbeTests(AzuriteFixture azurite)
{
    [Theory]
    [InlineData(null, "The app has no version, this tool has version ")]
    [InlineData("0.0.1+abc", "The app has version 0.0.1+abc, this tool has version ")]
    public async Task Probe_reports_an_app_whose_version_differs_from_that_of_the_tool(string? version, string expected)
    {
        var reports = new List<string>();
        using var response = new HttpResponseMessage(HttpStatusCode.Accepted)
        {
            Content = new StringContent($$"""{"notificationId":"{{Ids.Minute(1)}}"}"""),
        };
        if (version is not null)
        {
            response.Headers.Add(ApplicationVersion.HeaderName, version);
        }

        using var http = new HttpClient(new OneResponse(response));
        var probe = new Probe(http, storage: null, TimeProvider.System) { Report = reports.Add };

        Assert.Equal(
            Ids.Minute(1), await probe.PostAsync(new Uri("http://localhost"), Cancellation));

        Assert.StartsWith(expected + ApplicationVersion.Text, Assert.Single(reports), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Probe_fails_if_the_row_does_not_appear_in_time()
    {
        var clients = new StorageClients(StorageSettings.FromConnectionString(azurite.NewAccount()));
        await clients.StatusChanges.CreateIfNotExistsAsync(Cancellation);
        using var http = new HttpClient();
        var probe = new Probe(http, clients, TimeProvider.System) { ArrivalDeadline = TimeSpan.Zero };

        var failure = await Assert.ThrowsAsync<UserErrorException>(
            () => probe.WaitForRowAsync(NotificationId.Create(0, 0, 0), Cancellation));

        Assert.Contains("was accepted, but is not in StatusChanges", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Probe_waits_and_reports_while_a_new_role_assignment_propagates()
    {
        // Azurite does not support roles.
        var table = new Mock<TableClient>();
        table.Setup(t => t.GetEntityIfExistsAsync<TableEntity>(
                It.IsAny<string>(), It.IsAny<string>(), It.IsAny<IEnumerable<string>>(), It.IsAny<CancellationToken>()))
            .ThrowsAsync(new RequestFailedException(403, "no", "AuthorizationPermissionMismatch", null));
        var storage = new StorageClients(StorageSettings.FromConnectionString("UseDevelopmentStorage=true"))
        {
            StatusChanges = table.Object,
        };
        var reports = new List<string>();
        using var http = new HttpClient();
        using var seen = new CancellationTokenSource();
        var withoutWaiting = new Probe(http, storage, TimeProvider.System);
        var waiting = new Probe(http, storage, TimeProvider.System)
        {
            RoleDeadline = TimeSpan.FromMinutes(10),
            Report = Seen,
        };
        var id = NotificationId.Create(0, 0, 0);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitForRowAsync(id, seen.Token));
        await Assert.ThrowsAsync<RequestFailedException>(
            () => withoutWaiting.WaitForRowAsync(id, Cancellation));

        Assert.Contains("A new role assignment can take up to 10 minutes", Assert.Single(reports), StringComparison.Ordinal);

        void Seen(string line)
        {
            reports.Add(line);
            seen.Cancel();
        }
    }

    private sealed class OneResponse(HttpResponseMessage response) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request, CancellationToken cancellationToken) => Task.FromResult(response);
    }
}
