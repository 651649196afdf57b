using Azure;

namespace MarketplaceWebhook.Storage;

/// <summary>The table StatusChanges: every accepted notification once, append-only.</summary>
public sealed class StatusChangeLog(StorageClients clients, StorageSetup setup)
{
    /// <summary>Inserting is the check: a row that is there already is the same row.</summary>
    /// <returns>Whether the row is new.</returns>
    public async Task<bool> AppendAsync(StatusChange change, CancellationToken cancellationToken)
    {
        try
        {
            await setup.RunAsync(token => clients.StatusChanges.AddEntityAsync(change.ToEntity(), token), cancellationToken);
            return true;
        }
        catch (RequestFailedException e) when (e is { Status: 409, ErrorCode: "EntityAlreadyExists" })
        {
            return false;
        }
    }
}
