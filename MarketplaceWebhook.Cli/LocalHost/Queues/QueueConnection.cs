using Azure.Storage.Queues;
using MarketplaceWebhook.Storage;
using Microsoft.Extensions.Configuration;

namespace MarketplaceWebhook.Cli.LocalHost.Queues;

/// <summary>Opens the storage account of the setting that a queue trigger names as its connection.</summary>
internal static class QueueConnection
{
    // The host decodes each message: a client that decodes loses the whole read if one message is not Base64.
    private static readonly QueueClientOptions Raw = new() { MessageEncoding = QueueMessageEncoding.None };

    /// <exception cref="SettingsException">AzureWebJobsStorage is missing or malformed.</exception>
    /// <exception cref="UserErrorException">Another setting is missing or malformed.</exception>
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
            // The exception's message may contain part of the key.
            throw new UserErrorException(
                $"The setting {name}, which a queue trigger refers to, is missing or is not a valid storage connection string.",
                exception);
        }
    }
}
