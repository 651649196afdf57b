using System.Globalization;
using Azure;
using Azure.Data.Tables;
using Azure.Data.Tables.Models;
using Microsoft.Azure.Functions.Worker;

namespace Consumer;

/// <summary>Keeps a row for each package of each customer. Messages may come in any order, and more than once.</summary>
public sealed class CurrentInstalls(TableClient installs)
{
    [Function(nameof(CurrentInstalls))]
    public async Task RunAsync(
        [QueueTrigger("%ChangeFeed%", Connection = "MarketplaceChanges")] ChangeEvent change, CancellationToken cancellationToken)
    {
        while (!await TryStoreAsync(change, cancellationToken))
        {
            // Another message of this install was stored since the row was read.
        }
    }

    private async Task<bool> TryStoreAsync(ChangeEvent change, CancellationToken cancellationToken)
    {
        var account = change.Data.AccountId.ToString();
        var package = change.Data.PackageId.ToString(CultureInfo.InvariantCulture);
        var stored = await installs.GetEntityIfExistsAsync<TableEntity>(account, package, cancellationToken: cancellationToken);
        var row = stored.HasValue ? stored.Value! : new TableEntity(account, package);
        try
        {
            if (Apply(change, row))
            {
                await (stored.HasValue
                    ? installs.UpdateEntityAsync(row, row.ETag, TableUpdateMode.Replace, cancellationToken)
                    : installs.AddEntityAsync(row, cancellationToken));
            }

            return true;
        }
        catch (RequestFailedException e) when (
            e.ErrorCode == TableErrorCode.EntityAlreadyExists || e.ErrorCode == TableErrorCode.UpdateConditionNotSatisfied)
        {
            return false;
        }
    }

    /// <summary>
    /// The status is that of the latest notification, the errors are those of the latest *installed*. The row stays after an
    /// uninstall: without it an older message that arrives late would count.
    /// </summary>
    /// <returns>False: nothing is new.</returns>
    private static bool Apply(ChangeEvent change, TableEntity row)
    {
        var isLatest = change.IsLaterThan(row.GetString("LatestId"));
        if (isLatest)
        {
            row["LatestId"] = change.Id;
            row["Status"] = change.Data.Status;
            row["StatusAt"] = change.Time;
            row["AccountApiId"] = change.Data.AccountApiId;
        }

        var isLatestInstalled = change.Data.Status == "installed" && change.IsLaterThan(row.GetString("InstalledId"));
        if (isLatestInstalled)
        {
            row["InstalledId"] = change.Id;
            row["ErrorCount"] = change.Data.ErrorCount;
        }

        return isLatest || isLatestInstalled;
    }
}
