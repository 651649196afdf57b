using MarketplaceWebhook.EndToEndTests.Dashboard;
using MarketplaceWebhook.EndToEndTests.LocalHost;
using MarketplaceWebhook.EndToEndTests.Properties;
using MarketplaceWebhook.Tests.Support;

[assembly: TestCollectionOrderer(typeof(MarketplaceWebhook.EndToEndTests.Support.LongTestsFirst))]

namespace MarketplaceWebhook.EndToEndTests.Support;

/// <summary>
/// The collections that take the longest: started last, they would run alone at the end. In parallel run those that mostly wait.
/// </summary>
public sealed class LongTestsFirst() : CollectionsFirst(
    nameof(StorageFaultTests), nameof(CrashPointTests), nameof(QueueFoldTests), nameof(PoisonDeadEndTests), ".Properties.",
    nameof(IsolatedCrashTests), nameof(IsolatedStopTests), nameof(Chromium), ".Documents.", ".Commands.");
