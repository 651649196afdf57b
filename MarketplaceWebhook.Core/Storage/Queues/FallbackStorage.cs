namespace MarketplaceWebhook.Storage;

/// <summary>The second storage account, which accepts notifications while the first one does not.</summary>
public sealed class FallbackStorage
{
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
}
