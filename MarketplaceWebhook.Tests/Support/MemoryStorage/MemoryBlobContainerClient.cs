using System.Globalization;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using MarketplaceWebhook.Tests.Support.MemoryTables;

namespace MarketplaceWebhook.Tests.Support.MemoryStorage;

/// <summary>A blob container in memory: what the application uses of it.</summary>
internal sealed class MemoryBlobContainerClient(string name, TimeProvider time) : BlobContainerClient
{
    private readonly SortedDictionary<string, Stored> _blobs = new(StringComparer.Ordinal);
    private readonly TimeProvider _time = time;
    private int _calls;
    private int _writes;

    private sealed record Stored(BinaryData Content, IDictionary<string, string> Metadata, DateTimeOffset WrittenAt, ETag ETag);

    public override Uri Uri { get; } = new($"https://{Guid.NewGuid():N}.blob.core.windows.net/{name}");

    public TableHooks Hooks { get; set; } = new();

    /// <summary>Read without hooks, as the next ones.</summary>
    public IEnumerable<string> Names => _blobs.Keys;

    /// <summary>Every blob with its content.</summary>
    public IReadOnlyDictionary<string, string> Contents =>
        _blobs.ToDictionary(blob => blob.Key, blob => blob.Value.Content.ToString());

    public bool Exists(string blobName) => _blobs.ContainsKey(blobName);

    public DateTimeOffset WrittenAt(string blobName) => _blobs[blobName].WrittenAt;

    public override BlobClient GetBlobClient(string blobName) => new MemoryBlobClient(this, blobName);

    public override AsyncPageable<BlobItem> GetBlobsAsync(
        GetBlobsOptions options, CancellationToken cancellationToken = default) =>
        new MemoryPages<BlobItem>(
            async (_, token) => (await CallAsync(
                "ListBlobs",
                () => (IReadOnlyList<BlobItem>)[.. _blobs.Select(blob => BlobsModelFactory.BlobItem(
                    blob.Key,
                    properties: BlobsModelFactory.BlobItemProperties(
                        accessTierInferred: false, lastModified: blob.Value.WrittenAt, eTag: blob.Value.ETag),
                    metadata: blob.Value.Metadata))],
                token), null),
            cancellationToken);

    public override async Task<Response<bool>> DeleteBlobIfExistsAsync(
        string blobName, DeleteSnapshotsOption snapshotsOption = default, BlobRequestConditions? conditions = null,
        CancellationToken cancellationToken = default) =>
        Response.FromValue(
            await CallAsync(
                "DeleteBlob",
                () => !_blobs.TryGetValue(blobName, out var stored) ? false
                    : conditions?.IfMatch is { } etag && etag != stored.ETag ? throw MemoryTable.Error(412, "ConditionNotMet")
                    : _blobs.Remove(blobName),
                cancellationToken),
            new MemoryResponse(202));

    private async Task<T> CallAsync<T>(string operation, Func<T> change, CancellationToken cancellationToken)
    {
        var call = new TableCall(name, operation, Interlocked.Increment(ref _calls));
        await Hooks.Before(call, cancellationToken);
        var result = change();
        await Hooks.After(call, cancellationToken);
        return result;
    }

    private Stored Get(string blobName) =>
        _blobs.TryGetValue(blobName, out var stored) ? stored : throw MemoryTable.Error(404, "BlobNotFound");

    private sealed class MemoryBlobClient(MemoryBlobContainerClient container, string name) : BlobClient
    {
        public override async Task<Response<BlobContentInfo>> UploadAsync(
            BinaryData content, BlobUploadOptions options, CancellationToken cancellationToken = default)
        {
            var stored = await container.CallAsync(
                "PutBlob",
                () => container._blobs[name] = new Stored(
                    content, options.Metadata ?? new Dictionary<string, string>(), container._time.GetUtcNow(),
                    new ETag((++container._writes).ToString(CultureInfo.InvariantCulture))),
                cancellationToken);
            return Response.FromValue(
                BlobsModelFactory.BlobContentInfo(stored.ETag, stored.WrittenAt, null, null, null, null, 0),
                new MemoryResponse(201));
        }

        public override async Task<Response<BlobDownloadResult>> DownloadContentAsync(
            CancellationToken cancellationToken = default) =>
            Response.FromValue(
                await container.CallAsync("GetBlob", () => ResultOf(container.Get(name)), cancellationToken),
                new MemoryResponse(200));

        public override async Task<Response<BlobProperties>> GetPropertiesAsync(
            BlobRequestConditions? conditions = null, CancellationToken cancellationToken = default) =>
            Response.FromValue(
                await container.CallAsync("GetBlobProperties", () => PropertiesOf(container.Get(name)), cancellationToken),
                new MemoryResponse(200));

        private static BlobDownloadResult ResultOf(Stored stored) => BlobsModelFactory.BlobDownloadResult(
            stored.Content,
            BlobsModelFactory.BlobDownloadDetails(
                metadata: stored.Metadata, lastModified: stored.WrittenAt, eTag: stored.ETag));

        private static BlobProperties PropertiesOf(Stored stored) => BlobsModelFactory.BlobProperties(
            metadata: stored.Metadata, lastModified: stored.WrittenAt, eTag: stored.ETag);
    }
}
