using Azure.Storage.Queues;
using MarketplaceWebhook.Storage;
using Microsoft.Extensions.Configuration;

namespace MarketplaceWebhook.LocalHost.Queues;

/// <summary>Opens the storage account of the setting that a queue trigger names as its connection.</summary>
internal static class QueueConnection
{
    // The host decodes each message: a client that decodes loses the whole read if one message is not Base64.
    private static readonly QueueClientOptions Raw = new() { MessageEncoding = QueueMessageEncoding.None };

    /// <returns>Null if the setting is missing, unless it is AzureWebJobsStorage.</returns>
    /// <exception cref="SettingsException">AzureWebJobsStorage is missing, or the setting is malformed.</exception>
    public static QueueServiceClient? Open(IConfiguration settings, string name)
    {
        var storage = name == StorageSettings.Name ? StorageSettings.Read(settings) : StorageSettings.Find(settings, name);
        return storage switch
        {
            null => null,
            { ConnectionString: { } connection } => new QueueServiceClient(connection, Raw),
            _ => new QueueServiceClient(storage.QueueServiceUri, storage.Credential, Raw),
        };
    }
}
