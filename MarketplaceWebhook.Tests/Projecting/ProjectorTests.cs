using System.Text;
using Azure;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Queues.Models;
using MarketplaceWebhook.Projecting;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;
using MarketplaceWebhook.Tests.Support.Faults;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Moq;

namespace MarketplaceWebhook.Tests.Projecting;

public sealed class ProjectorTests(AzuriteFixture azurite)
{
    private const string Cycle = ""","MarketplaceInstallDetails":[{"CycleId":"12222222-2222-3333-4444-555555555555"}]""";

    private readonly string _storage = azurite.NewAccount();

    [Fact]
    public async Task Unknown_status_is_logged_and_writes_no_row_of_Installs()
    {
        await using var app = new TestApp(_storage);
        await ProjectAsync(app, Message.Of(1, Message.Body("installed", Cycle)));
        var before = await Rows.ETagsAsync(app.Storage.Installs, Cancellation);

        await ProjectAsync(app, Message.Of(2, Message.Body(NotificationBody.Unknown, Cycle)));

        Assert.Equal(before, await Rows.ETagsAsync(app.Storage.Installs, Cancellation));
        Assert.Equal(
            [NotificationBody.Unknown, "installed"],
            (await Rows.ListAsync(app.Storage.StatusChanges, Cancellation)).Select(row => row.GetString("Status")));
    }

    [Fact]
    public async Task Redelivered_message_writes_only_the_fence_and_changes_nothing()
    {
        await using var app = new TestApp(_storage);
        await ProjectAsync(app, Message.Of(1, Message.Body("installed", Cycle)));
        var logged = await Rows.ETagsAsync(app.Storage.StatusChanges, Cancellation);
        var installs = (await Rows.ReadAsync(app.Storage.Installs, Cancellation)).ToJsonString();
        var cycle = (await Rows.ETagsAsync(app.Storage.Installs, Cancellation))
            .Single(row => row.Key.Contains('_', StringComparison.Ordinal));

        await ProjectAsync(app, Message.Of(1, Message.Body("installed", Cycle)));

        Assert.Equal(logged, await Rows.ETagsAsync(app.Storage.StatusChanges, Cancellation));
        Assert.Equal(installs, (await Rows.ReadAsync(app.Storage.Installs, Cancellation)).ToJsonString());
        Assert.Contains(cycle, await Rows.ETagsAsync(app.Storage.Installs, Cancellation));
    }

    [Fact]
    public async Task Pair_of_ids_is_indexed_between_the_log_and_the_first_commit_and_costs_nothing_afterwards()
    {
        await using var proxy = await FaultProxy.StartAsync(_storage, Cancellation);
        await using var app = new TestApp(proxy.ConnectionString);
        await app.Storage.CreateMissingAsync(Cancellation);

        string[] steady = ["Insert Entity StatusChanges", "Query Entities Installs()", "Entity Group Transaction $batch"];
        string[] indexed = [.. steady[..2], "Insert Entity Accounts", steady[2]];
        Assert.Equal(indexed, await CallsAsync("installed", "customer-42", package: 1234));
        Assert.Equal(steady, await CallsAsync("started", "customer-42", package: 1234));
        Assert.Equal(indexed, await CallsAsync("stopped", "another", package: 1234));
        Assert.Equal(steady, await CallsAsync("uninstalled", apiId: null, package: 1234));
        Assert.Equal(indexed, await CallsAsync("installed", "another", package: 5));
        Assert.Equal(
            [("another", "another"), ("customer-42", "customer-42")],
            (await Rows.ListAsync(app.Storage.Accounts, Cancellation))
                .Select(row => (row.PartitionKey, row.GetString("AccountApiId"))));

        async Task<List<string>> CallsAsync(string status, string? apiId, long package)
        {
            var before = proxy.Calls.Count;
            await ProjectAsync(app, Message.Of(second: before + 1, NotificationBody.Of(status, Guid.Empty, package, apiId)));
            // The log row and the package are written and read at the same time.
            var calls = proxy.Calls.Skip(before).Select(call => $"{call.Operation} {call.Resource}").ToList();
            return [.. calls[..2].Order(StringComparer.Ordinal), .. calls[2..]];
        }
    }

    [Theory]
    [InlineData("Cyclr/1.0", "Cyclr/1.0")]
    [InlineData(null, null)]
    public async Task User_agent_of_the_envelope_is_a_column_of_StatusChanges(string? userAgent, string? column)
    {
        await using var app = new TestApp(_storage);
        var message = Encoding.UTF8.GetString(
            Envelope.Write(Ids.At(1), "shop", null, Encoding.UTF8.GetBytes(Message.Body("started")), userAgent).Span);

        await ProjectAsync(app, message);

        var change = Assert.Single(await Rows.ListAsync(app.Storage.StatusChanges, Cancellation));
        Assert.Equal((column is not null, column), (change.ContainsKey("UserAgent"), change.GetString("UserAgent")));
    }

    [Fact]
    public async Task Long_body_is_in_its_blob_and_long_columns_are_cut_and_listed()
    {
        await using var app = new TestApp(_storage);
        var errors = string.Join(',', Enumerable.Range(0, 40).Select(n => $"\"{new string('e', 1_000)}\""));
        var hooks = string.Join(
            ',', Enumerable.Range(0, 40).Select(n => $$"""{"Url":"https://example.com/{{new string('u', 1_000)}}"}"""));
        var body = Message.Body("installed", $$"""
            ,"CompleteParameter":"{{new string('x', 31_999)}}👍","Errors":[{{errors}}],"MarketplaceInstallDetails":[
            {"CycleId":"12222222-2222-3333-4444-555555555555","CycleStatus":"{{new string('s', 32_001)}}","Webhooks":[{{hooks}}]}]
            """);
        await app.Get<NotificationQueue>().SendAsync(
            new ReceivedNotification(
                Ids.At(1), "shop", null, null, Guid.Parse("11111111-2222-3333-4444-555555555555"),
                Encoding.UTF8.GetBytes(body)),
            Cancellation);
        QueueMessage message = await app.Storage.Queue.ReceiveMessageAsync(cancellationToken: Cancellation);

        await ProjectAsync(app, message.MessageText);

        var change = Assert.Single(await Rows.ListAsync(app.Storage.StatusChanges, Cancellation));
        Assert.Equal(($"{Ids.At(1)}.json", false), (change.GetString("PayloadBlob"), change.ContainsKey("Payload")));
        Assert.Equal(new string('x', 31_999), change.GetString("CompleteParameter"));
        Assert.Equal((40, 31), (change.GetInt32("ErrorCount"), JsonCount(change, "Errors")));
        Assert.Equal(
            """["CompleteParameter: cut at 32000 characters.","Errors: cut at 32000 characters.","MarketplaceInstallDetails[12222222-2222-3333-4444-555555555555].CycleStatus: cut at 32000 characters.","MarketplaceInstallDetails[12222222-2222-3333-4444-555555555555].Webhooks: cut at 32000 characters."]""",
            change.GetString("Warnings"));
        var rows = await Rows.ListAsync(app.Storage.Installs, Cancellation);
        Assert.Equal((40, 31), (rows[0].GetInt32("ErrorCount"), JsonCount(rows[0], "Errors")));
        Assert.Equal((40, 31), (rows[1].GetInt32("WebhookCount"), JsonCount(rows[1], "Webhooks")));
    }

    [Theory]
    [InlineData("no envelope", typeof(UnreadableEnvelopeException))]
    [InlineData("rejected", typeof(UnreadablePayloadException))]
    public async Task Unreadable_message_fails_immediately_without_a_storage_call(string message, Type failure)
    {
        await using var proxy = await FaultProxy.StartAsync(_storage, Cancellation);
        await using var app = new TestApp(proxy.ConnectionString);

        var thrown = await Record.ExceptionAsync(
            () => ProjectAsync(app, message == "rejected" ? Message.Of(1, Message.Body("")) : message));

        Assert.IsType(failure, thrown);
        Assert.Empty(proxy.Calls);
    }

    [Theory]
    [InlineData(503)]
    [InlineData(500)]
    [InlineData(429)]
    public async Task Transient_fault_is_retried_inside_the_invocation(int status)
    {
        await using var proxy = await FaultProxy.StartAsync(_storage, Cancellation);
        await using var app = new TestApp(proxy.ConnectionString);
        // A call that finds no table is repeated, and must not be counted here.
        await app.Storage.CreateMissingAsync(Cancellation);
        var commits = 0;
        // The client itself tries three times: these are more.
        proxy.Before = call => Task.FromResult<Fault?>(
            call.Operation == "Entity Group Transaction" && ++commits <= 4 ? new Fault.Response(status, "ServerBusy") : null);

        await ProjectAsync(app, Message.Of(1, Message.Body("installed", Cycle)));

        Assert.Equal(5, commits);
        Assert.Equal(2, (await Rows.ListAsync(app.Storage.Installs, Cancellation)).Count);
        Assert.Single(proxy.Calls, call => call.Operation == "Insert Entity");
    }

    [Fact]
    public async Task Permanent_fault_fails_immediately_and_nothing_is_committed_before_the_log()
    {
        await using var proxy = await FaultProxy.StartAsync(_storage, Cancellation);
        await using var app = new TestApp(proxy.ConnectionString);
        using var forbidden = proxy.Break(Fault.Forbidden, call => call.Operation == "Insert Entity");

        var failure = await Assert.ThrowsAsync<RequestFailedException>(
            () => ProjectAsync(app, Message.Of(1, Message.Body("installed"))));

        Assert.Equal(403, failure.Status);
        Assert.Single(proxy.Calls, call => call.Operation == "Insert Entity");
        Assert.DoesNotContain(proxy.Calls, call => call.Operation == "Entity Group Transaction");
    }

    [Fact]
    public async Task Lost_race_is_folded_again_on_the_rows_of_the_winner()
    {
        await using var proxy = await FaultProxy.StartAsync(_storage, Cancellation);
        await using var app = new TestApp(proxy.ConnectionString);
        await using var winner = new TestApp(_storage);
        var commits = 0;
        proxy.Before = async call =>
        {
            if (call.Operation == "Entity Group Transaction" && ++commits == 1)
            {
                await ProjectAsync(winner, Message.Of(2, Message.Body("stopped")));
            }

            return null;
        };

        await ProjectAsync(app, Message.Of(1, Message.Body("installed", Cycle)));

        Assert.Equal(2, commits);
        var rows = await Rows.ListAsync(app.Storage.Installs, Cancellation);
        Assert.Equal(("stopped", 1), (rows[0].GetString("Status"), rows[0].GetInt32("CycleCount")));
        Assert.Equal(Ids.At(1).ReceivedAt, rows[0].GetDateTimeOffset("InstalledAt"));
        Assert.Equal(Ids.At(2).ReceivedAt, rows[0].GetDateTimeOffset("StoppedAt"));
    }

    [Fact]
    public async Task Uninstalled_removes_hundreds_of_cycles()
    {
        await using var app = new TestApp(_storage);
        var details = string.Join(
            ',', Enumerable.Range(0, 250).Select(n => $$"""{"CycleId":"{{new Guid(n, 0, 0, new byte[8])}}"}"""));
        await ProjectAsync(app, Message.Of(1, Message.Body("installed", $""","MarketplaceInstallDetails":[{details}]""")));
        Assert.Equal(251, (await Rows.ListAsync(app.Storage.Installs, Cancellation)).Count);

        await ProjectAsync(app, Message.Of(2, Message.Body("uninstalled")));

        var row = Assert.Single(await Rows.ListAsync(app.Storage.Installs, Cancellation));
        Assert.Equal(("uninstalled", 0), (row.GetString("Status"), row.GetInt32("CycleCount")));
    }

    [Fact]
    public async Task Time_limit_of_5_minutes_is_for_the_complete_invocation()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var start = time.GetUtcNow();
        var busy = new RequestFailedException(503, "Thrown by a test.", "ServerBusy", null);
        var blob = new Mock<BlobClient>();
        blob.Setup(b => b.DownloadContentAsync(It.IsAny<CancellationToken>()))
            .Returns(() => time.GetUtcNow() - start < TimeSpan.FromMinutes(4)
            ? throw busy
            : Task.FromResult(Response.FromValue(
                Azure.Storage.Blobs.Models.BlobsModelFactory.BlobDownloadResult(
                    BinaryData.FromString(Message.Body(NotificationBody.Unknown))), Mock.Of<Response>())));
        var payloads = new Mock<BlobContainerClient>();
        payloads.Setup(p => p.GetBlobClient(It.IsAny<string>())).Returns(blob.Object);
        var log = new Mock<TableClient>();
        log.Setup(l => l.AddEntityAsync(It.IsAny<TableEntity>(), It.IsAny<CancellationToken>())).ThrowsAsync(busy);
        var clients = new StorageClients(StorageSettings.FromConnectionString(_storage))
        {
            Payloads = payloads.Object,
            StatusChanges = log.Object,
        };
        await using var app = new TestApp(
            _storage, replace: services => services.AddSingleton(clients).AddSingleton<TimeProvider>(time));

        await app.Storage.CreateMissingAsync(Cancellation);
        start = time.GetUtcNow();

        var projected = ProjectAsync(app, Message.Of(1, ""));
        while (!projected.IsCompleted)
        {
            time.Advance(TimeSpan.FromMilliseconds(500));
            await Task.Delay(1, Cancellation);
        }

        await Assert.ThrowsAsync<RequestFailedException>(() => projected);
        log.Verify(l => l.AddEntityAsync(It.IsAny<TableEntity>(), It.IsAny<CancellationToken>()), Times.AtLeastOnce);
        Assert.InRange(time.GetUtcNow() - start, TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(8));
    }

    private static Task ProjectAsync(TestApp app, string message) => app.Get<Projector>().ProjectAsync(message, Cancellation);

    private static int JsonCount(TableEntity row, string column) =>
        System.Text.Json.JsonDocument.Parse(row.GetString(column)).RootElement.GetArrayLength();
}
