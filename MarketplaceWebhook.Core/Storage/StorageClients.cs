using Azure.Core;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;

namespace MarketplaceWebhook.Storage;

/// <summary>The clients of one storage account, with retries short enough for a caller who waits.</summary>
public sealed class StorageClients
{
    public StorageClients(StorageSettings settings)
    {
        var queueOptions = Patient(new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 });
        var tableOptions = Patient(new TableClientOptions());
        var blobOptions = Patient(new BlobClientOptions());
        var rawQueueOptions = Patient(new QueueClientOptions { MessageEncoding = QueueMessageEncoding.None });
        var (queues, rawQueues, tables, blobs) = settings.ConnectionString is { } connectionString
            ? (new QueueServiceClient(connectionString, queueOptions),
                new QueueServiceClient(connectionString, rawQueueOptions),
                new TableServiceClient(connectionString, tableOptions),
                new BlobServiceClient(connectionString, blobOptions))
            : (new QueueServiceClient(settings.QueueServiceUri, settings.Credential, queueOptions),
                new QueueServiceClient(settings.QueueServiceUri, settings.Credential, rawQueueOptions),
                new TableServiceClient(settings.TableServiceUri, settings.Credential, tableOptions),
                new BlobServiceClient(settings.BlobServiceUri, settings.Credential, blobOptions));

        Queue = queues.GetQueueClient(StorageNames.Queue);
        PoisonQueue = queues.GetQueueClient(StorageNames.PoisonQueue);
        RawQueue = rawQueues.GetQueueClient(StorageNames.Queue);
        RawPoisonQueue = rawQueues.GetQueueClient(StorageNames.PoisonQueue);
        Installs = tables.GetTableClient(StorageNames.InstallsTable);
        StatusChanges = tables.GetTableClient(StorageNames.StatusChangesTable);
        DeadLetters = tables.GetTableClient(StorageNames.DeadLettersTable);
        Payloads = blobs.GetBlobContainerClient(StorageNames.PayloadContainer);
    }

    /// <summary>The account's name and where it is, for people; without a secret.</summary>
    public string Description => $"{Payloads.AccountName} ({Payloads.Uri.Authority})";

    public QueueClient Queue { get; init; }

    public QueueClient PoisonQueue { get; init; }

    /// <summary>The same queue with its messages as they lie there, Base64 or not.</summary>
    public QueueClient RawQueue { get; init; }

    public QueueClient RawPoisonQueue { get; init; }

    public TableClient Installs { get; init; }

    public TableClient StatusChanges { get; init; }

    public TableClient DeadLetters { get; init; }

    public BlobContainerClient Payloads { get; init; }

    private static T Patient<T>(T options)
        where T : ClientOptions
    {
        options.Retry.Mode = RetryMode.Exponential;
        options.Retry.MaxRetries = 2;
        options.Retry.Delay = TimeSpan.FromMilliseconds(200);
        options.Retry.MaxDelay = TimeSpan.FromSeconds(2);
        // A hung connection leaves time for a second one before the caller's 10 s are over.
        options.Retry.NetworkTimeout = TimeSpan.FromSeconds(4);
        options.AddPolicy(new RetryCountingPolicy(), HttpPipelinePosition.PerRetry);
        // The application tells itself what it does; the client's own log and spans would go nowhere, at a cost in every call.
        options.Diagnostics.IsLoggingEnabled = false;
        options.Diagnostics.IsDistributedTracingEnabled = false;
        return options;
    }
}
