using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(MarketplaceWebhook.Tests.Support.LongTestsFirst))]

namespace MarketplaceWebhook.Tests.Support;

/// <summary>The classes of Properties/ take the longest: started last, they would run alone at the end.</summary>
public sealed class LongTestsFirst : ITestCollectionOrderer
{
    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(
        IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection =>
        [.. testCollections.OrderBy(collection =>
            !collection.TestCollectionDisplayName.Contains(".Properties.", StringComparison.Ordinal))];
}
