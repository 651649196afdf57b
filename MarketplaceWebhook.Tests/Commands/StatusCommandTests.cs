using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Projecting;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;
using MarketplaceWebhook.Tests.Support.Faults;

namespace MarketplaceWebhook.Tests.Commands;

public sealed class StatusCommandTests(AzuriteFixture azurite)
{
    [Fact]
    public async Task Status_is_approved()
    {
        await using var services = MaintenanceServices.On(azurite.NewAccount());
        var text = new StringBuilder();

        await AppendAsync("empty storage");
        await services.Clients.CreateMissingAsync(Cancellation);
        await AppendAsync("nothing to do");
        await services.Clients.Queue.SendMessageAsync(Envelope(Ids.Minute(1)), Cancellation);
        await services.Clients.Queue.SendMessageAsync(Envelope(Ids.At(DateTimeOffset.UtcNow)), Cancellation);
        await services.Clients.RawPoisonQueue.SendMessageAsync("no envelope", Cancellation);
        await RecordAsync(services, Ids.Minute(2), DeadLetter.Failed, FailureReason.ProjectionFailed);
        await RecordAsync(services, Ids.Minute(3), DeadLetter.Rejected, RejectionReason.InvalidJson);
        await RecordAsync(services, Ids.Minute(4), DeadLetter.Rejected, RejectionReason.InvalidJson);
        await RecordAsync(services, Ids.Minute(5), DeadLetter.Rejected, RejectionReason.TooLarge);
        foreach (var deadLetter in await services.Get<DeadLetterTable>().FindAsync(Ids.Minute(3), Cancellation))
        {
            await services.Get<DeadLetterTable>().MarkRedrivenAsync(deadLetter, Ids.Start, Cancellation);
        }

        await AppendAsync("old messages, and dead letters before the last 24 hours");
        await AppendAsync("the same dead letters, within the time", "--since", "36500d");
        Approved.AssertIs("status", text.ToString());

        async Task AppendAsync(string situation, params string[] options)
        {
            var result = await InProcessCli.RunAsync(services.ConnectionString, ["status", .. options]);
            text.Append(
                $"{situation}\n$ marketplace-webhook {string.Join(' ', ["status", .. options])}\n{result.Output}exit code {result.ExitCode}\n\n");
        }
    }

    [Fact]
    public async Task Status_as_JSON_has_the_counts_and_the_problems()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        var id = Ids.At(DateTimeOffset.UtcNow.AddMinutes(-11));
        await services.Clients.Queue.SendMessageAsync(Envelope(id), Cancellation);
        await services.Get<DeadLetterRecorder>().RecordAsync("no envelope", DateTimeOffset.UtcNow, Cancellation);

        var result = await InProcessCli.RunAsync(services.ConnectionString, "status", "--json");

        Assert.Equal(2, result.ExitCode);
        var status = JsonNode.Parse(result.Output)!;
        Assert.Equal((false, 1, 0), ((bool)status["empty"]!, (int)status["queueMessages"]!, (int)status["poisonQueueMessages"]!));
        Assert.Equal(TimeText.Of(id.ReceivedAt), (string?)status["oldestReceivedAt"]);
        var count = Assert.Single(status["deadLetters"]!.AsArray())!;
        Assert.Equal(
            ("failed", "unreadable-envelope", 1, 0),
            ((string?)count["kind"], (string?)count["reason"], (int)count["number"]!, (int)count["redriven"]!));
        Assert.Equal(2, status["problems"]!.AsArray().Count);
        Assert.StartsWith("projection paused or failing", (string?)status["problems"]![0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Length_of_the_change_feed_is_shown_if_the_setting_is_in_the_environment()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite, "partner-changes");
        await services.ProjectAsync(Ids.At(1), Message.Body("started"));
        var environment = new Dictionary<string, string> { ["ChangeFeed"] = "partner-changes" };

        var text = await InProcessCli.RunAsync(services.ConnectionString, environment, ["status"]);
        var json = await InProcessCli.RunAsync(services.ConnectionString, environment, ["status", "--json"]);
        var other = await InProcessCli.RunAsync(
            services.ConnectionString, new Dictionary<string, string> { ["ChangeFeed"] = "not-created-yet" },
            ["status", "--json"]);
        var off = await InProcessCli.RunAsync(services.ConnectionString, "status", "--json");

        Assert.Matches(new Regex("messages on the change feed +1"), text.Output);
        Assert.Equal(1, (int)JsonNode.Parse(json.Output)!["changeFeedMessages"]!);
        Assert.Equal(0, (int)JsonNode.Parse(other.Output)!["changeFeedMessages"]!);
        Assert.Null(JsonNode.Parse(off.Output)!["changeFeedMessages"]);
    }

    [Fact]
    public async Task Installs_are_counted_on_request_and_those_with_errors_need_a_person()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        await services.ProjectAsync(Ids.Minute(1), NotificationBody.Of("installed", Guid.NewGuid(), cycles: [Guid.NewGuid()]));
        await services.ProjectAsync(Ids.Minute(2), WithError("started", Guid.NewGuid()));
        await services.ProjectAsync(Ids.Minute(3), WithError("installed", Guid.NewGuid()));
        var gone = Guid.NewGuid();
        await services.ProjectAsync(Ids.Minute(4), WithError("installed", gone));
        await services.ProjectAsync(Ids.Minute(5), WithError("uninstalled", gone));
        await services.Clients.Installs.AddEntityAsync(
            new Azure.Data.Tables.TableEntity($"{Guid.NewGuid()}", "1") { ["Kind"] = "install" }, Cancellation);

        var text = await InProcessCli.RunAsync(services.ConnectionString, "status", "--installs");
        var json = await InProcessCli.RunAsync(services.ConnectionString, "status", "--installs", "--json");
        var without = await InProcessCli.RunAsync(services.ConnectionString, "status", "--json");

        Assert.Equal((2, 2, 0), (text.ExitCode, json.ExitCode, without.ExitCode));
        Approved.AssertIs("status-installs", text.Output);
        Assert.Equal(
            [("", 1, 0), ("installed", 2, 1), ("started", 1, 0), ("uninstalled", 1, 1)],
            JsonNode.Parse(json.Output)!["installs"]!.AsArray().Select(
                count => ((string)count!["status"]!, (int)count["number"]!, (int)count["withErrors"]!)));
        Assert.Null(JsonNode.Parse(without.Output)!["installs"]);
    }

    [Fact]
    public async Task Differences_of_the_last_reconcile_are_counted_with_its_time()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        var table = services.Get<ReconciliationTable>();
        var text = new StringBuilder();

        await AppendAsync("never");
        await table.ReplaceAsync(
            Guid.Empty.ToString(), "Acme", [Difference(DifferenceKind.MissingCycle), Difference(DifferenceKind.CycleErrors)],
            Ids.Start, Cancellation);
        await AppendAsync("a single account");
        await table.StartRunAsync(Ids.Start, after: null, Cancellation);
        await AppendAsync("a run that did not finish");
        await table.FinishRunAsync(Ids.Start, Ids.Start.AddMinutes(5), after: null, accounts: 3, differences: 2, Cancellation);
        await AppendAsync("a run that finished");

        Approved.AssertIs("status-reconciled", text.ToString());
        var json = await InProcessCli.RunAsync(services.ConnectionString, "status", "--json");
        Assert.Equal(
            """{"startedAt":"2026-01-01T00:00:00.000Z","finishedAt":"2026-01-01T00:05:00.000Z","accounts":3,"differences":"""
                + """[{"kind":"cycle-errors","number":1},{"kind":"missing-cycle","number":1}]}""",
            JsonNode.Parse(json.Output)!["reconciliation"]!.ToJsonString());

        async Task AppendAsync(string situation)
        {
            var result = await InProcessCli.RunAsync(services.ConnectionString, "status");
            text.Append($"{situation}\n{result.Output}exit code {result.ExitCode}\n\n");
        }
    }

    [Fact]
    public async Task Message_that_arrived_recently_needs_no_action()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        await services.Clients.Queue.SendMessageAsync(Envelope(Ids.At(DateTimeOffset.UtcNow.AddMinutes(-9))), Cancellation);

        var result = await InProcessCli.RunAsync(services.ConnectionString, "status");

        Assert.Equal(0, result.ExitCode);
        Assert.Matches(new Regex("messages on the queue +1 +oldest received "), result.Output);
    }

    [Fact]
    public async Task Storage_that_denies_access_is_one_line_and_exit_code_1()
    {
        await using var proxy = await FaultProxy.StartAsync(azurite.NewAccount(), Cancellation);
        using var denied = proxy.Break(Fault.Forbidden);

        var result = await InProcessCli.RunAsync(proxy.ConnectionString, "status", "--json");

        Assert.Equal((1, ""), (result.ExitCode, result.Output));
        Assert.StartsWith("Storage denied access", result.Error.TrimEnd('\n').Split('\n')[^1], StringComparison.Ordinal);
    }

    private static string WithError(string status, Guid account) =>
        $$"""{"Status":"{{status}}","AccountId":"{{account}}","MarketplaceIntegrationPackageId":1,"Errors":["no consent"]}""";

    private static ReconciliationDifference Difference(string kind) => new() { Kind = kind, PackageId = 1, Detail = kind };

    private static string Envelope(NotificationId id) => Encoding.UTF8.GetString(
        MarketplaceWebhook.Storage.Envelope.Write(
            id, "shop", traceParent: null, Encoding.UTF8.GetBytes(Message.Body("started"))).Span);

    private static Task RecordAsync(MaintenanceServices services, NotificationId id, string kind, string reason) =>
        services.Get<DeadLetterTable>().RecordAsync(
            new DeadLetter { Kind = kind, Id = id, Reason = reason, Detail = "why", Body = "x"u8.ToArray(), BodyLength = 1 },
            Cancellation);
}
