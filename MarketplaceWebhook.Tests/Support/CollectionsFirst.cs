using Xunit.Sdk;
using Xunit.v3;

namespace MarketplaceWebhook.Tests.Support;

/// <summary>Starts some collections before all others. A name may be a part: a class, or a namespace between dots.</summary>
public abstract class CollectionsFirst(params string[] first) : ITestCollectionOrderer
{
    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(
        IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection =>
        [.. testCollections.OrderBy(collection => Rank(collection.TestCollectionDisplayName))];

    private int Rank(string name) =>
        Array.FindIndex(first, part => name.Contains(part, StringComparison.Ordinal)) is >= 0 and var rank
            ? rank
            : first.Length;
}
