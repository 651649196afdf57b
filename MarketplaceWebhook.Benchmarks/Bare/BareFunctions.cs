using System.Text.Json;
using Azure.Data.Tables;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace MarketplaceWebhook.Benchmarks.Bare;

/// <summary>The same functions, route, queue and storage calls as the function app, without its rules.</summary>
public sealed class BareFunctions(QueueClient queue, TableServiceClient tables)
{
    private readonly TableClient _log = tables.GetTableClient("StatusChanges");
    private readonly TableClient _installs = tables.GetTableClient("Installs");
    private readonly TableClient _accounts = tables.GetTableClient("Accounts");

    [Function(nameof(ReceiveNotification))]
    public async Task<IResult> ReceiveNotification(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "cyclr/marketplace/{source?}")] HttpRequest request,
        CancellationToken cancellationToken)
    {
        var body = await BinaryData.FromStreamAsync(request.Body, cancellationToken);
        await queue.SendMessageAsync(body, cancellationToken: cancellationToken);
        return TypedResults.StatusCode(StatusCodes.Status202Accepted);
    }

    [Function(nameof(ProjectNotification))]
    public async Task ProjectNotification(
        [QueueTrigger("marketplace-notifications", Connection = "AzureWebJobsStorage")] QueueMessage message,
        CancellationToken cancellationToken)
    {
        using var body = JsonDocument.Parse(message.Body.ToMemory());
        var account = body.RootElement.GetProperty("AccountId").GetString()!;
        var package = body.RootElement.GetProperty("MarketplaceIntegrationPackageId").GetInt64();
        var append = _log.AddEntityAsync(LogRow(account, package, message), cancellationToken);
        var filter = TableClient.CreateQueryFilter(
            $"PartitionKey eq {account} and RowKey ge {$"{package}"} and RowKey lt {$"{package}`"} and PackageId eq {package}");
        await foreach (var _ in _installs.QueryAsync<TableEntity>(filter, cancellationToken: cancellationToken))
        {
            // The rows are read and not used.
        }

        await append;
        // As for an account that was not known: every message of the benchmarks is of a new one.
        await _accounts.AddEntityAsync(AccountRow(account), cancellationToken);
        await _installs.SubmitTransactionAsync(
            [
                .. body.RootElement.GetProperty("MarketplaceInstallDetails").EnumerateArray()
                    .Select(cycle => Upsert(CycleRow(account, package, cycle, message))),
                Upsert(InstallRow(account, package, message)),
            ],
            cancellationToken);
    }

    private static TableTransactionAction Upsert(TableEntity row) => new(TableTransactionActionType.UpsertReplace, row);

    // As many columns as the function app writes, of the same types.
    private static TableEntity LogRow(string account, long package, QueueMessage message) => new(account, message.MessageId)
    {
        ["NotificationId"] = message.MessageId,
        ["ReceivedAt"] = message.InsertedOn,
        ["Source"] = "default",
        ["Status"] = "installed",
        ["PackageId"] = package,
        ["AccountApiId"] = "ExampleAccount",
        ["UserId"] = account,
        ["CycleCount"] = 1,
        ["ErrorCount"] = 1,
        ["Errors"] = "[\"Failed to start cycle\"]",
        ["Payload"] = message.Body.ToString(),
    };

    private static TableEntity AccountRow(string account) => new("ExampleAccount", account)
    {
        ["AccountApiId"] = "ExampleAccount",
        ["AccountId"] = account,
    };

    private static TableEntity InstallRow(string account, long package, QueueMessage message) => new(account, $"{package}")
    {
        ["Kind"] = "install",
        ["AccountApiId"] = "ExampleAccount",
        ["PackageId"] = package,
        ["Status"] = "installed",
        ["StatusAt"] = message.InsertedOn,
        ["InstalledAt"] = message.InsertedOn,
        ["CycleCount"] = 1,
        ["ErrorCount"] = 1,
        ["Errors"] = "[\"Failed to start cycle\"]",
        ["UserId"] = account,
        ["Source"] = "default",
        ["StatusNotificationId"] = message.MessageId,
        ["InstalledNotificationId"] = message.MessageId,
    };

    private static TableEntity CycleRow(string account, long package, JsonElement cycle, QueueMessage message)
    {
        var cycleId = cycle.GetProperty("CycleId").GetString();
        return new TableEntity(account, $"{package}_{cycleId}")
        {
            ["Kind"] = "cycle",
            ["PackageId"] = package,
            ["CycleId"] = cycleId,
            ["CycleStatus"] = "Active",
            ["TemplateId"] = account,
            ["TemplateReleaseId"] = account,
            ["WebhookCount"] = 1,
            ["Webhooks"] = cycle.GetProperty("Webhooks").GetRawText(),
            ["ReportedAt"] = message.InsertedOn,
            ["NotificationId"] = message.MessageId,
        };
    }
}
