namespace MarketplaceWebhook.Storage;

/// <summary>A row that was not written by the application.</summary>
public sealed class UnreadableRowException(string rowKey)
    : Exception(
        $"row {rowKey} of {StorageNames.InstallsTable} was not written by the application; `rebuild --apply` rewrites it");
