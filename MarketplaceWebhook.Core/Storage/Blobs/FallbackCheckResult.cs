using System.Globalization;
using Azure;
using MarketplaceWebhook.Notifications;

namespace MarketplaceWebhook.Storage;

/// <summary>
/// The last check of the fallback storage by an instance of the application, as one line in a blob of the primary storage.
/// </summary>
/// <param name="Fault">Null: it would accept a notification.</param>
public sealed record FallbackCheckResult(DateTimeOffset At, string? Fault)
{
    internal const string BlobName = "fallback-check.txt";
    private const string Ok = "ok";

    public Task WriteAsync(StorageClients primary, CancellationToken cancellationToken) =>
        primary.Payloads.GetBlobClient(BlobName).UploadAsync(
            new BinaryData($"{TimeText.Of(At)} {Fault ?? Ok}"), overwrite: true, cancellationToken);

    /// <returns>Null if no check was stored.</returns>
    public static async Task<FallbackCheckResult?> FindAsync(StorageClients primary, CancellationToken cancellationToken)
    {
        try
        {
            var download = await primary.Payloads.GetBlobClient(BlobName).DownloadContentAsync(cancellationToken);
            return download.Value.Content.ToString().Split(' ', 2) is [var at, var result]
                && DateTimeOffset.TryParse(at, CultureInfo.InvariantCulture, out var time)
                ? new FallbackCheckResult(time, result == Ok ? null : result)
                : null;
        }
        catch (RequestFailedException e) when (StorageErrors.IsNotFound(e))
        {
            return null;
        }
    }
}
