using System.Collections.ObjectModel;

namespace MarketplaceWebhook.Installs;

/// <summary>All rows of one package in one account: the input and the result of the fold.</summary>
public sealed record Package(Guid AccountId, long PackageId)
{
    /// <summary>Null before the first notification with a known status.</summary>
    public Install? Install { get; init; }

    /// <summary>By CycleId.</summary>
    public IReadOnlyDictionary<Guid, Cycle> Cycles { get; init; } = ReadOnlyDictionary<Guid, Cycle>.Empty;
}
