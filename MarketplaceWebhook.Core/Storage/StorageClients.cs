using Azure;
using Azure.Core;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using MarketplaceWebhook.Telemetry;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace MarketplaceWebhook.Storage;

/// <summary>The clients of one storage account. Every set shares the HTTP connections of the process.</summary>
public sealed record StorageClients
{
    private readonly ILogger _logger;

    /// <param name="profile">Null: <see cref="StorageProfile.Primary"/>.</param>
    /// <param name="changeFeed">The name of its queue; null without a change feed.</param>
    public StorageClients(
        StorageSettings settings, StorageProfile? profile = null, string? changeFeed = null,
        ILogger<StorageClients>? logger = null)
    {
        Profile = profile ?? StorageProfile.Primary;
        _logger = logger ?? NullLogger<StorageClients>.Instance;
        var queueOptions = Configure(new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 });
        var blobOptions = Configure(new BlobClientOptions());
        var rawQueueOptions = Configure(new QueueClientOptions { MessageEncoding = QueueMessageEncoding.None });
        var (queues, rawQueues, blobs) = settings.ConnectionString is { } connectionString
            ? (new QueueServiceClient(connectionString, queueOptions),
                new QueueServiceClient(connectionString, rawQueueOptions),
                new BlobServiceClient(connectionString, blobOptions))
            : (new QueueServiceClient(settings.QueueServiceUri, settings.Credential, queueOptions),
                new QueueServiceClient(settings.QueueServiceUri, settings.Credential, rawQueueOptions),
                new BlobServiceClient(settings.BlobServiceUri, settings.Credential, blobOptions));

        Queue = queues.GetQueueClient(Profile.QueueName);
        PoisonQueue = queues.GetQueueClient(StorageNames.PoisonOf(Profile.QueueName));
        RawQueue = rawQueues.GetQueueClient(Profile.QueueName);
        RawPoisonQueue = rawQueues.GetQueueClient(StorageNames.PoisonOf(Profile.QueueName));
        FallbackQueue = queues.GetQueueClient(StorageNames.FallbackQueue);
        ChangeFeed = changeFeed is null ? null : rawQueues.GetQueueClient(changeFeed);
        if (!Profile.IsFallback)
        {
            var tableOptions = Configure(new TableClientOptions());
            var tables = settings.ConnectionString is { } tableConnection
                ? new TableServiceClient(tableConnection, tableOptions)
                : new TableServiceClient(settings.TableServiceUri, settings.Credential, tableOptions);
            Installs = tables.GetTableClient(StorageNames.InstallsTable);
            StatusChanges = tables.GetTableClient(StorageNames.StatusChangesTable);
            DeadLetters = tables.GetTableClient(StorageNames.DeadLettersTable);
            Accounts = tables.GetTableClient(StorageNames.AccountsTable);
            Reconciliations = tables.GetTableClient(StorageNames.ReconciliationsTable);
        }

        Payloads = blobs.GetBlobContainerClient(Profile.PayloadContainer);
        EarlierPayloads = blobs.GetBlobContainerClient(StorageNames.PayloadContainer);
    }

    public StorageProfile Profile { get; }

    public string AccountName => Payloads.AccountName;

    /// <summary>The account's name and host, for people. Contains no secret.</summary>
    public string Description => $"{AccountName} ({Payloads.Uri.Authority})";

    public QueueClient Queue { get; init; }

    public QueueClient PoisonQueue { get; init; }

    /// <summary>The same queue with its messages as they are stored, Base64 or not.</summary>
    public QueueClient RawQueue { get; init; }

    public QueueClient RawPoisonQueue { get; init; }

    /// <summary>Messages that wait for the primary storage: in it, those of a deployment whose fallback storage it is.</summary>
    public QueueClient FallbackQueue { get; init; }

    /// <summary>With its messages as they are stored. Null without a change feed.</summary>
    public QueueClient? ChangeFeed { get; init; }

    /// <summary>The fallback storage has no tables: nothing reads one of these there.</summary>
    public TableClient Installs { get; init; } = null!;

    public TableClient StatusChanges { get; init; } = null!;

    public TableClient DeadLetters { get; init; } = null!;

    public TableClient Accounts { get; init; } = null!;

    public TableClient Reconciliations { get; init; } = null!;

    public BlobContainerClient Payloads { get; init; }

    /// <summary>Of the fallback storage: where an earlier version put the payloads.</summary>
    public BlobContainerClient EarlierPayloads { get; init; }

    /// <summary>Creates the queues, tables and the container that do not exist yet.</summary>
    public async Task CreateMissingAsync(CancellationToken cancellationToken)
    {
        try
        {
            TableClient[] tables = Profile.IsFallback ? [] : [Installs, StatusChanges, DeadLetters, Accounts, Reconciliations];
            await Task.WhenAll([
                Queue.CreateIfNotExistsAsync(cancellationToken: cancellationToken),
                PoisonQueue.CreateIfNotExistsAsync(cancellationToken: cancellationToken),
                ChangeFeed?.CreateIfNotExistsAsync(cancellationToken: cancellationToken) ?? Task.CompletedTask,
                Payloads.CreateIfNotExistsAsync(cancellationToken: cancellationToken),
                .. tables.Select(table => table.CreateIfNotExistsAsync(cancellationToken)),
            ]);
        }
        catch (RequestFailedException e) when (e.Status == 403)
        {
            // The identity may be allowed to use them but not to create them: the repeated call shows whether that is enough.
            Log.StorageNotCreated(_logger, StorageErrors.Describe(e));
        }
    }

    private Task CreateMissingAsync(string errorCode, CancellationToken cancellationToken)
    {
        Log.CreatingStorage(_logger, errorCode);
        return CreateMissingAsync(cancellationToken);
    }

    private T Configure<T>(T options)
        where T : ClientOptions
    {
        options.RetryPolicy = new BusyRetryPolicy(Profile);
        options.Retry.NetworkTimeout = Profile.NetworkTimeout;
        if (Profile.IsFallback)
        {
            options.AddPolicy(new FallbackMarkPolicy(), HttpPipelinePosition.PerCall);
        }

        options.AddPolicy(new StorageProvisioner(CreateMissingAsync, Profile.CreatesOnRead), HttpPipelinePosition.PerCall);
        options.AddPolicy(new RetryCountingPolicy(Profile.Operation), HttpPipelinePosition.PerRetry);
        // The application has its own logs and spans; those of the clients would cost time in every call.
        options.Diagnostics.IsLoggingEnabled = false;
        options.Diagnostics.IsDistributedTracingEnabled = false;
        return options;
    }
}
