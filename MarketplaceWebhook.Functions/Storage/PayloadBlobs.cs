using System.Text;
using Azure.Storage.Blobs.Models;
using MarketplaceWebhook.Notifications;

namespace MarketplaceWebhook.Storage;

/// <summary>Bodies that are too long for a message or a column. Nothing but `purge` and `erase` deletes one.</summary>
public sealed class PayloadBlobs(StorageClients clients, StorageSetup setup)
{
    public Task PutPayloadAsync(NotificationId id, Guid accountId, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken) =>
        PutAsync(Keys.PayloadBlob(id), accountId, payload, "application/json", cancellationToken);

    public Task PutDeadLetterAsync(NotificationId id, Guid? accountId, ReadOnlyMemory<byte> body, CancellationToken cancellationToken) =>
        PutAsync(Keys.DeadLetterBlob(id), accountId, body, "application/octet-stream", cancellationToken);

    public async Task<ReadOnlyMemory<byte>> GetAsync(string name, CancellationToken cancellationToken)
    {
        var download = await setup.RunAsync(
            token => clients.Payloads.GetBlobClient(name).DownloadContentAsync(token), cancellationToken);
        return download.Value.Content.ToMemory();
    }

    /// <summary>The notification's body, wherever the envelope has it.</summary>
    public async Task<ReadOnlyMemory<byte>> GetPayloadAsync(Envelope envelope, CancellationToken cancellationToken) =>
        envelope.PayloadBlob is { } blob ? await GetAsync(blob, cancellationToken) : Encoding.UTF8.GetBytes(envelope.Payload!);

    private Task PutAsync(
        string name, Guid? accountId, ReadOnlyMemory<byte> body, string contentType, CancellationToken cancellationToken)
    {
        var options = new BlobUploadOptions { HttpHeaders = new BlobHttpHeaders { ContentType = contentType } };
        if (accountId is { } account)
        {
            options.Metadata = new Dictionary<string, string> { ["accountId"] = Keys.Account(account) };
        }

        return setup.RunAsync(
            token => clients.Payloads.GetBlobClient(name).UploadAsync(new BinaryData(body), options, token), cancellationToken);
    }
}
