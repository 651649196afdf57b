using Azure.Data.Tables;

namespace MarketplaceWebhook.Storage;

/// <summary>The table DeadLetters, with the blobs of the bodies that do not fit.</summary>
public sealed class DeadLetterTable(StorageClients clients, StorageSetup setup, PayloadBlobs payloads)
{
    /// <summary>Replaces the row, and so clears RedrivenAt: a second failure shows.</summary>
    public async Task RecordAsync(DeadLetter letter, CancellationToken cancellationToken)
    {
        if (letter.NeedsBlob)
        {
            await payloads.PutDeadLetterAsync(letter.Id, letter.AccountId, letter.Body, cancellationToken);
        }

        await setup.RunAsync(
            token => clients.DeadLetters.UpsertEntityAsync(letter.ToEntity(), TableUpdateMode.Replace, token), cancellationToken);
    }
}
