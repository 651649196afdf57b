namespace MarketplaceWebhook.Storage;

/// <summary>The second storage account, which accepts notifications while the first one does not.</summary>
public sealed class FallbackStorage
{
    public FallbackStorage(StorageClients clients)
    {
        Clients = clients;
        Payloads = new PayloadBlobs(clients);
        Queue = new NotificationQueue(clients, Payloads);
    }

    public StorageClients Clients { get; }

    public PayloadBlobs Payloads { get; }

    public NotificationQueue Queue { get; }
}
