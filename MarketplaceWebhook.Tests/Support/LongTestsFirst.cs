using MarketplaceWebhook.Tests.Commands;
using MarketplaceWebhook.Tests.Dashboard;
using MarketplaceWebhook.Tests.LocalHost;
using MarketplaceWebhook.Tests.Maintenance;
using MarketplaceWebhook.Tests.Properties;
using MarketplaceWebhook.Tests.Storage;
using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(MarketplaceWebhook.Tests.Support.LongTestsFirst))]

namespace MarketplaceWebhook.Tests.Support;

/// <summary>
/// The collections that take the longest: started last, they would run alone at the end. Beside them those that mostly wait.
/// </summary>
public sealed class LongTestsFirst : ITestCollectionOrderer
{
    private static readonly string[] First =
    [
        nameof(StorageFaultTests), nameof(StorageFaultTextTests), nameof(CrashPointTests), nameof(MaintenanceCrashTests),
        nameof(StorageTokenTests), nameof(QueueFoldTests), nameof(FoldTests), nameof(PoisonDeadEndTests),
        nameof(ErasureTests), nameof(FallbackMaintenanceTests), ".Properties.", ".Storage.", ".Maintenance.",
        nameof(IsolatedWorkerTests), nameof(Chromium), ".Documents.", ".Commands.",
    ];

    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(
        IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection =>
        [.. testCollections.OrderBy(collection => Rank(collection.TestCollectionDisplayName))];

    private static int Rank(string name) =>
        Array.FindIndex(First, part => name.Contains(part, StringComparison.Ordinal)) is >= 0 and var rank
            ? rank
            : First.Length;
}
