using System.Text;
using Azure;
using Azure.Storage.Queues.Models;

namespace MarketplaceWebhook.Storage;

/// <summary>The second storage account, which accepts notifications while the first one does not.</summary>
public sealed class FallbackStorage
{
    /// <summary>The message of a check.</summary>
    public const string CheckText = "check of the fallback storage";

    internal const string OwnerBlob = "owner";
    private const string CheckBlob = "check";

    private static readonly TimeSpan InvisibleTime = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    public FallbackStorage(StorageClients clients)
    {
        Clients = clients;
        Payloads = new PayloadBlobs(clients);
        EarlierPayloads = new PayloadBlobs(clients.EarlierPayloads);
        Queue = new NotificationQueue(clients, Payloads);
    }

    public StorageClients Clients { get; }

    public PayloadBlobs Payloads { get; }

    /// <summary>
    /// Payloads of messages that an earlier version sent. A deployment whose primary storage this is has its own payloads there:
    /// blobs are found by the name in a message, and never listed.
    /// </summary>
    public PayloadBlobs EarlierPayloads { get; }

    public NotificationQueue Queue { get; }

    /// <summary>
    /// Writes and deletes a blob and a message, as a receipt and a move do. The message is invisible until it is deleted; if it
    /// cannot be deleted, MoveFallback discards it.
    /// </summary>
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        var blob = Clients.Payloads.GetBlobClient(CheckBlob);
        await blob.UploadAsync(new BinaryData(CheckText), overwrite: true, cancellationToken);
        await blob.DeleteIfExistsAsync(cancellationToken: cancellationToken);
        SendReceipt sent = await Clients.Queue.SendMessageAsync(
            new BinaryData(CheckText), InvisibleTime, Lifetime, cancellationToken);
        await Clients.Queue.DeleteMessageAsync(sent.MessageId, sent.PopReceipt, cancellationToken);
    }

    /// <summary>Two deployments with one fallback storage would move each other's notifications.</summary>
    /// <param name="primary">The storage of the deployment that starts.</param>
    /// <exception cref="SettingsException">Another deployment uses it.</exception>
    public async Task ClaimAsync(StorageSettings primary, CancellationToken cancellationToken)
    {
        if (await ClaimAsync(primary.Address, cancellationToken) is var owner && owner != primary.Address)
        {
            throw new SettingsException(
                $"The fallback storage {Clients.Description} is that of the deployment with the storage {owner}: each deployment "
                + $"needs its own. If that one no longer uses it, delete the blob {OwnerBlob} in the container "
                + $"{StorageNames.FallbackPayloadContainer}.");
        }
    }

    private async Task<string> ClaimAsync(string address, CancellationToken cancellationToken)
    {
        var blob = Clients.Payloads.GetBlobClient(OwnerBlob);
        if (await Payloads.FindAsync(OwnerBlob, cancellationToken) is null)
        {
            try
            {
                await blob.UploadAsync(new BinaryData(address), overwrite: false, cancellationToken);
                return address;
            }
            catch (RequestFailedException e) when (StorageErrors.IsLostRace(e))
            {
                // Another instance was faster.
            }
        }

        return Encoding.UTF8.GetString((await Payloads.GetAsync(OwnerBlob, cancellationToken)).Span);
    }
}
