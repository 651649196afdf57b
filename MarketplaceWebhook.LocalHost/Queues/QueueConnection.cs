using Azure.Storage.Queues;
using MarketplaceWebhook.Storage;
using Microsoft.Extensions.Configuration;

namespace MarketplaceWebhook.LocalHost.Queues;

/// <summary>
/// Opens the queues of the setting that a trigger names as its connection: a connection string, or <c>__accountName</c> or
/// <c>__queueServiceUri</c> with an identity. Only AzureWebJobsStorage needs tables and blobs too. Source:
/// https://github.com/Azure/azure-sdk-for-net/tree/main/sdk/storage, StorageClientProvider of the WebJobs extensions.
/// </summary>
internal static class QueueConnection
{
    // The host decodes each message: a client that decodes loses the whole read if one message is not Base64.
    private static readonly QueueClientOptions Raw = new() { MessageEncoding = QueueMessageEncoding.None };

    /// <returns>Null if the setting is missing, unless it is AzureWebJobsStorage.</returns>
    /// <exception cref="SettingsException">AzureWebJobsStorage is missing, or the setting is malformed.</exception>
    public static QueueServiceClient? Open(IConfiguration settings, string name)
    {
        if (name == StorageSettings.Name)
        {
            return Open(StorageSettings.Read(settings));
        }

        var section = SectionOf(settings, name);
        if (!string.IsNullOrWhiteSpace(section.Value))
        {
            return FromConnectionString(section);
        }

        return StorageSettings.FindQueueServiceUri(section) is { } uri
            ? new QueueServiceClient(uri, StorageSettings.CredentialOf(section), Raw)
            : null;
    }

    public static QueueServiceClient Open(StorageSettings storage) => storage.ConnectionString is { } connection
        ? new QueueServiceClient(connection, Raw)
        : new QueueServiceClient(storage.QueueServiceUri, storage.Credential, Raw);

    /// <summary>The first of these that is set: <c>AzureWebJobs{name}</c>, <c>{name}</c>.</summary>
    private static IConfigurationSection SectionOf(IConfiguration settings, string name) =>
        ((string[])[$"AzureWebJobs{name}", name])
            .SelectMany(key => (string[])[$"ConnectionStrings:{key}", key])
            .Select(settings.GetSection)
            .FirstOrDefault(section => section.Exists()) ?? settings.GetSection(name);

    private static QueueServiceClient FromConnectionString(IConfigurationSection section)
    {
        try
        {
            return new QueueServiceClient(section.Value, Raw);
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException)
        {
            throw new SettingsException(
                $"{section.Key} is not a valid storage connection string. For Azurite it is UseDevelopmentStorage=true.");
        }
    }
}
