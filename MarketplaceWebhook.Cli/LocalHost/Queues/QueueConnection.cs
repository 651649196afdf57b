using Azure.Storage.Queues;
using MarketplaceWebhook.Storage;
using Microsoft.Extensions.Configuration;

namespace MarketplaceWebhook.Cli.LocalHost.Queues;

/// <summary>The setting that a function.json names as its connection.</summary>
internal static class QueueConnection
{
    // The messages are read as they lie in the queue: which encoding they have is the host's business.
    private static readonly QueueClientOptions Raw = new() { MessageEncoding = QueueMessageEncoding.None };

    /// <exception cref="SettingsException">AzureWebJobsStorage is missing or malformed.</exception>
    /// <exception cref="UserErrorException">Another setting is.</exception>
    public static QueueServiceClient Open(IConfiguration settings, string name)
    {
        if (name == StorageSettings.Name)
        {
            var storage = StorageSettings.Read(settings);
            return storage.ConnectionString is { } connection
                ? new QueueServiceClient(connection, Raw)
                : new QueueServiceClient(storage.QueueServiceUri, storage.Credential, Raw);
        }

        try
        {
            return new QueueServiceClient(settings[name] ?? "", Raw);
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException)
        {
            // The message of the exception may hold a part of the key.
            throw new UserErrorException(
                $"The setting {name}, which a function.json names, is missing or no storage connection string.", exception);
        }
    }
}
