using System.Text.Json.Nodes;
using Azure.Data.Tables;
using Microsoft.Azure.Functions.Worker;

namespace MarketplaceWebhook.Tests.ChangeFeed;

public sealed class CurrentInstalls(TableClient table)
{
    [Function(nameof(CurrentInstalls))]
    public async Task RunAsync(
        [QueueTrigger("partner-changes", Connection = "MarketplaceChanges")] string message, CancellationToken cancellationToken)
    {
        var change = JsonNode.Parse(message)!;
        var id = (string)change["id"]!;
        var row = new TableEntity("install", ((string)change["subject"]!).Replace('/', '_'))
        {
            ["LatestId"] = id,
            ["Data"] = change["data"]!.ToJsonString(),
        };
        var stored = await table.GetEntityIfExistsAsync<TableEntity>(row.PartitionKey, row.RowKey, null, cancellationToken);
        if (!stored.HasValue)
        {
            await table.AddEntityAsync(row, cancellationToken);
        }
        else if (string.CompareOrdinal(id, stored.Value!.GetString("LatestId")) > 0)
        {
            await table.UpdateEntityAsync(row, stored.Value.ETag, TableUpdateMode.Replace, cancellationToken);
        }
    }
}
