using Azure;

namespace MarketplaceWebhook.Storage;

/// <summary>The table StatusChanges: every accepted notification once, append-only.</summary>
public sealed class StatusChangeLog(StorageClients clients, StorageSetup setup)
{
    /// <summary>Inserting is the check: a row that is there already is the same row.</summary>
    public async Task AppendAsync(StatusChange change, CancellationToken cancellationToken)
    {
        try
        {
            await setup.RunAsync(token => clients.StatusChanges.AddEntityAsync(change.ToEntity(), token), cancellationToken);
        }
        catch (RequestFailedException e) when (e is { Status: 409, ErrorCode: "EntityAlreadyExists" })
        {
        }
    }
}
