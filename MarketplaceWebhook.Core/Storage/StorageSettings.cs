using Azure.Core;
using Azure.Identity;
using Azure.Storage.Queues;
using Microsoft.Extensions.Configuration;

namespace MarketplaceWebhook.Storage;

/// <summary>
/// A storage account as the Functions host reads it from AzureWebJobsStorage or FallbackStorage: a connection string, or the
/// identity form with accountName or one URI a service, and optionally credential and clientId.
/// Source: https://learn.microsoft.com/azure/azure-functions/functions-reference#connecting-to-host-storage-with-an-identity
/// </summary>
public sealed record StorageSettings
{
    public const string Name = "AzureWebJobsStorage";

    public const string FallbackName = "FallbackStorage";

    private const string AccountNameRule = "3 to 24 lower-case letters and digits";

    /// <summary>Azurite's. In Azure, the name of an account is in the host and not in the path.</summary>
    private const string EmulatorPath = "/devstoreaccount1";

    private StorageSettings()
    {
    }

    /// <summary>Null in the identity form.</summary>
    public string? ConnectionString { get; private init; }

    public Uri? QueueServiceUri { get; private init; }

    /// <summary>The fallback storage needs none.</summary>
    public Uri? TableServiceUri { get; private init; }

    public Uri? BlobServiceUri { get; private init; }

    public TokenCredential? Credential { get; private init; }

    /// <summary>
    /// The first service that is neither on a loopback address nor that of the emulator's well-known account, which can run in
    /// another container. Null if every service is local.
    /// </summary>
    public Uri? RemoteService => Services.FirstOrDefault(
        service => !service.IsLoopback && !service.AbsolutePath.TrimEnd('/').Equals(EmulatorPath, StringComparison.Ordinal));

    /// <summary>Each can be at another address.</summary>
    private IEnumerable<Uri> Services => ConnectionString is null
        ? new[] { QueueServiceUri, TableServiceUri, BlobServiceUri }.OfType<Uri>()
        : [
            new QueueServiceClient(ConnectionString).Uri,
            new Azure.Storage.Blobs.BlobServiceClient(ConnectionString).Uri,
            .. HasTables ? [new Azure.Data.Tables.TableServiceClient(ConnectionString).Uri] : Array.Empty<Uri>(),
        ];

    private bool HasTables { get; init; } = true;

    /// <exception cref="SettingsException">Missing or malformed.</exception>
    public static StorageSettings Read(IConfiguration configuration) => Read(configuration.GetSection(Name));

    /// <returns>Null if it is not set.</returns>
    /// <exception cref="SettingsException">Malformed.</exception>
    public static StorageSettings? Find(IConfiguration configuration, string name) =>
        configuration.GetSection(name) is var section && IsSet(section) ? Read(section) : null;

    /// <param name="name">The setting, for the error message.</param>
    /// <exception cref="SettingsException">Malformed.</exception>
    public static StorageSettings FromConnectionString(
        string connectionString, string name = Name, bool hasTables = true)
    {
        try
        {
            // The clients' own parsers decide what is valid.
            _ = new QueueServiceClient(connectionString);
            _ = hasTables ? new Azure.Data.Tables.TableServiceClient(connectionString) : null;
            _ = new Azure.Storage.Blobs.BlobServiceClient(connectionString);
        }
        catch (Exception e) when (e is FormatException or ArgumentException or InvalidOperationException)
        {
            throw new SettingsException(
                $"{name} is not a valid storage connection string. For Azurite it is UseDevelopmentStorage=true.");
        }

        return new StorageSettings { ConnectionString = connectionString, HasTables = hasTables };
    }

    /// <param name="accountName">A storage account in the public cloud.</param>
    public static StorageSettings FromAccountName(string accountName, TokenCredential credential) => new()
    {
        QueueServiceUri = ServiceUri(accountName, "queue"),
        TableServiceUri = ServiceUri(accountName, "table"),
        BlobServiceUri = ServiceUri(accountName, "blob"),
        Credential = credential,
    };

    public bool IsSameAccountAs(StorageSettings other) => Address == other.Address;

    /// <summary>
    /// Identifies the account: where its queues are, without scheme and query, which can be a SAS. Two emulators on one machine
    /// have the same account name and differ by port.
    /// </summary>
    public string Address
    {
        get
        {
            var queues = QueueServiceUri ?? new QueueServiceClient(ConnectionString).Uri;
            return (queues.IsLoopback ? "localhost" : queues.IdnHost) + (queues.IsDefaultPort ? "" : $":{queues.Port}")
                + queues.AbsolutePath.TrimEnd('/');
        }
    }

    private static StorageSettings Read(IConfigurationSection section) => !string.IsNullOrWhiteSpace(section.Value)
        ? FromConnectionString(section.Value, section.Key, hasTables: section.Key != FallbackName)
        : FromIdentity(section);

    private static bool IsSet(IConfigurationSection section) =>
        !string.IsNullOrWhiteSpace(section.Value) || section.GetChildren().Any();

    private static StorageSettings FromIdentity(IConfigurationSection section)
    {
        if (section["accountName"] is { Length: > 0 } accountName)
        {
            if (!IsAccountName(accountName))
            {
                throw new SettingsException($"{section.Key}__accountName is not a storage account name: {AccountNameRule}.");
            }

            return FromAccountName(accountName, CredentialOf(section)) with
            {
                QueueServiceUri = OptionalUri(section, "queueServiceUri") ?? ServiceUri(accountName, "queue"),
                TableServiceUri = OptionalUri(section, "tableServiceUri") ?? ServiceUri(accountName, "table"),
                BlobServiceUri = OptionalUri(section, "blobServiceUri") ?? ServiceUri(accountName, "blob"),
            };
        }

        if (!IsSet(section))
        {
            throw new SettingsException(
                $"{section.Key} is not set: give a storage connection string, or {section.Key}__accountName for an identity.");
        }

        return new StorageSettings
        {
            QueueServiceUri = OptionalUri(section, "queueServiceUri") ?? throw Missing(section, "queueServiceUri"),
            TableServiceUri = OptionalUri(section, "tableServiceUri")
                ?? (section.Key == FallbackName ? null : throw Missing(section, "tableServiceUri")),
            BlobServiceUri = OptionalUri(section, "blobServiceUri") ?? throw Missing(section, "blobServiceUri"),
            Credential = CredentialOf(section),
        };
    }

    /// <summary>Of a connection that needs the queues only, such as that of a queue trigger.</summary>
    /// <returns>Null if it is not in the identity form.</returns>
    /// <exception cref="SettingsException">Malformed.</exception>
    public static Uri? FindQueueServiceUri(IConfigurationSection section) =>
        section["accountName"] is { Length: > 0 } accountName
            ? ServiceUri(accountName, "queue")
            : OptionalUri(section, "queueServiceUri");

    /// <summary>Of the identity form.</summary>
    /// <exception cref="SettingsException">Malformed.</exception>
    public static TokenCredential CredentialOf(IConfigurationSection section)
    {
        var clientId = section["clientId"] is { Length: > 0 } id ? id : null;
        return section["credential"]?.ToLowerInvariant() switch
        {
            null or "" => new DefaultAzureCredential(new DefaultAzureCredentialOptions { ManagedIdentityClientId = clientId }),
            "managedidentity" when clientId is not null =>
                new ManagedIdentityCredential(ManagedIdentityId.FromUserAssignedClientId(clientId)),
            "managedidentity" => new ManagedIdentityCredential(ManagedIdentityId.SystemAssigned),
            _ => throw new SettingsException($"{section.Key}__credential must be managedidentity, or not set."),
        };
    }

    private static Uri ServiceUri(string accountName, string service) => IsAccountName(accountName)
        ? new Uri($"https://{accountName}.{service}.core.windows.net")
        : throw new SettingsException($"A storage account name is {AccountNameRule}.");

    private static bool IsAccountName(string name) =>
        name.Length is >= 3 and <= 24 && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c));

    private static Uri? OptionalUri(IConfigurationSection section, string name)
    {
        if (section[name] is not { Length: > 0 } text)
        {
            return null;
        }

        // A token is never sent in the clear: the clients refuse http with an identity.
        return Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps
            ? uri
            : throw new SettingsException($"{section.Key}__{name} is not an absolute https URI.");
    }

    private static SettingsException Missing(IConfigurationSection section, string name) =>
        new($"{section.Key}__{name} is not set: the identity form needs {section.Key}__accountName, or a URI for each of "
            + $"{(section.Key == FallbackName ? "queue and blob" : "queue, table and blob")}.");
}
