using MarketplaceWebhook.Tests.Commands;
using MarketplaceWebhook.Tests.Maintenance;
using MarketplaceWebhook.Tests.Properties;
using MarketplaceWebhook.Tests.Storage;

[assembly: TestCollectionOrderer(typeof(MarketplaceWebhook.Tests.Support.LongTestsFirst))]

namespace MarketplaceWebhook.Tests.Support;

/// <summary>
/// The collections that take the longest: started last, they would run alone at the end. In parallel run those that mostly wait.
/// </summary>
public sealed class LongTestsFirst() : CollectionsFirst(
    nameof(StorageFaultTextTests), nameof(MaintenanceCrashTests), nameof(StorageTokenTests), nameof(FoldTests),
    nameof(ErasureTests), nameof(FallbackMaintenanceTests), ".Properties.", ".Storage.", ".Maintenance.", ".Commands.");
