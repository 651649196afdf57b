namespace MarketplaceWebhook.Storage;

/// <summary>What operators see in the storage account. Contracts: tools and dashboards rely on them.</summary>
public static class StorageNames
{
    public const string Queue = "marketplace-notifications";
    public const string PoisonQueue = Queue + "-poison";
    public const string PayloadContainer = "marketplace-payloads";
    public const string InstallsTable = "Installs";
    public const string StatusChangesTable = "StatusChanges";
    public const string DeadLettersTable = "DeadLetters";
}
