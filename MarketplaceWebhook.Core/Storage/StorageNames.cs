namespace MarketplaceWebhook.Storage;

/// <summary>What operators see in the storage account. Contracts: tools and dashboards rely on them.</summary>
public static class StorageNames
{
    /// <summary>The Functions host appends it.</summary>
    private const string PoisonSuffix = "-poison";

    public const string Queue = "marketplace-notifications";
    public const string PoisonQueue = Queue + PoisonSuffix;

    /// <summary>In the fallback storage.</summary>
    public const string FallbackQueue = "marketplace-fallback";
    public const string FallbackPoisonQueue = FallbackQueue + PoisonSuffix;

    public const string PayloadContainer = "marketplace-payloads";

    /// <summary>
    /// In the fallback storage, which can be the primary storage of another deployment: its blobs belong to messages of
    /// <see cref="FallbackQueue"/> alone.
    /// </summary>
    public const string FallbackPayloadContainer = "marketplace-fallback-payloads";

    public const string InstallsTable = "Installs";
    public const string StatusChangesTable = "StatusChanges";
    public const string DeadLettersTable = "DeadLetters";
    public const string AccountsTable = "Accounts";
    public const string ReconciliationsTable = "Reconciliations";

    public static string PoisonOf(string queue) => queue + PoisonSuffix;
}
