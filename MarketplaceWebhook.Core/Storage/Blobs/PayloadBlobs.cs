using System.Runtime.CompilerServices;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using MarketplaceWebhook.Notifications;

namespace MarketplaceWebhook.Storage;

/// <summary>Bodies that are too long for a message or a column. Only `purge` and `erase` delete them.</summary>
public sealed class PayloadBlobs
{
    private const string AccountIdMetadata = "accountId";

    private readonly BlobContainerClient _container;

    public PayloadBlobs(StorageClients clients)
        : this(clients.Payloads)
    {
    }

    internal PayloadBlobs(BlobContainerClient container) => _container = container;

    public Task PutPayloadAsync(
        NotificationId id, Guid? accountId, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken) =>
        PutAsync(TableKeys.PayloadBlob(id), accountId, payload, "application/json", cancellationToken);

    public Task PutDeadLetterAsync(
        string kind, NotificationId id, Guid? accountId, ReadOnlyMemory<byte> body, CancellationToken cancellationToken) =>
        PutAsync(TableKeys.DeadLetterBlob(kind, id), accountId, body, "application/octet-stream", cancellationToken);

    public async Task<ReadOnlyMemory<byte>> GetAsync(string name, CancellationToken cancellationToken)
    {
        var download = await _container.GetBlobClient(name).DownloadContentAsync(cancellationToken);
        return download.Value.Content.ToMemory();
    }

    /// <summary>The blob with its content; null if it does not exist.</summary>
    public async Task<(StoredBlob Blob, ReadOnlyMemory<byte> Content)?> FindBlobAsync(
        string name, CancellationToken cancellationToken)
    {
        try
        {
            var download = (await _container.GetBlobClient(name).DownloadContentAsync(cancellationToken)).Value;
            var details = download.Details;
            return (new StoredBlob(name, AccountOf(details.Metadata), details.LastModified) { ETag = details.ETag },
                download.Content.ToMemory());
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return null;
        }
    }

    /// <summary>Null if the blob does not exist.</summary>
    public async Task<ReadOnlyMemory<byte>?> FindAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            return await GetAsync(name, cancellationToken);
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return null;
        }
    }

    /// <summary>Every blob of the container, sorted by name.</summary>
    public async IAsyncEnumerable<StoredBlob> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var blob in _container.GetBlobsAsync(
            new GetBlobsOptions { Traits = BlobTraits.Metadata }, cancellationToken).EmptyIfMissing(cancellationToken))
        {
            yield return new StoredBlob(
                blob.Name, AccountOf(blob.Metadata), blob.Properties.LastModified ?? DateTimeOffset.MaxValue)
            {
                ETag = blob.Properties.ETag,
            };
        }
    }

    /// <summary>The account in the blob's metadata; null without metadata or blob.</summary>
    public async Task<string?> FindAccountAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            var properties = await _container.GetBlobClient(name).GetPropertiesAsync(cancellationToken: cancellationToken);
            return AccountOf(properties.Value.Metadata);
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return null;
        }
    }

    /// <returns>True if the blob existed.</returns>
    public async Task<bool> RemoveAsync(string name, CancellationToken cancellationToken) =>
        await _container.DeleteBlobIfExistsAsync(
            name, DeleteSnapshotsOption.IncludeSnapshots, cancellationToken: cancellationToken);

    /// <summary>Removes the blob only if it was not written since it was read.</summary>
    /// <returns>True if it existed and was removed.</returns>
    public async Task<bool> RemoveAsync(StoredBlob blob, CancellationToken cancellationToken)
    {
        try
        {
            return await _container.DeleteBlobIfExistsAsync(
                blob.Name, DeleteSnapshotsOption.IncludeSnapshots,
                new BlobRequestConditions { IfMatch = blob.ETag }, cancellationToken);
        }
        catch (RequestFailedException e) when (e.Status == 412)
        {
            return false;
        }
    }

    /// <summary>How long a deleted blob can be restored; zero: not at all.</summary>
    public async Task<TimeSpan> GetSoftDeleteAsync(CancellationToken cancellationToken)
    {
        var properties = await _container.GetParentBlobServiceClient().GetPropertiesAsync(cancellationToken);
        return properties.Value.DeleteRetentionPolicy is { Enabled: true, Days: var days }
            ? TimeSpan.FromDays(days ?? 0) : TimeSpan.Zero;
    }

    private Task PutAsync(
        string name, Guid? accountId, ReadOnlyMemory<byte> body, string contentType, CancellationToken cancellationToken)
    {
        var options = new BlobUploadOptions { HttpHeaders = new BlobHttpHeaders { ContentType = contentType } };
        if (accountId is { } account)
        {
            options.Metadata = new Dictionary<string, string> { [AccountIdMetadata] = TableKeys.Account(account) };
        }

        return _container.GetBlobClient(name).UploadAsync(new BinaryData(body), options, cancellationToken);
    }

    /// <summary>Metadata come from headers, which are case-insensitive.</summary>
    private static string? AccountOf(IEnumerable<KeyValuePair<string, string>> metadata) =>
        metadata.FirstOrDefault(entry => string.Equals(entry.Key, AccountIdMetadata, StringComparison.OrdinalIgnoreCase)).Value;
}

/// <param name="Account">The partition key of the account whose notification it holds, if known.</param>
/// <param name="WrittenAt">When it was last written.</param>
public sealed record StoredBlob(string Name, string? Account, DateTimeOffset WrittenAt)
{
    internal ETag? ETag { get; init; }

    /// <summary>Changes whenever the blob is written.</summary>
    internal string? Version => ETag?.ToString();
}
