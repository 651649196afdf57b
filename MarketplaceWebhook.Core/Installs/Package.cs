using System.Collections.Immutable;

namespace MarketplaceWebhook.Installs;

/// <summary>All rows of one package in one account: the input and the result of the fold.</summary>
public sealed record Package(Guid AccountId, long PackageId)
{
    /// <summary>Null before the first notification with a known status.</summary>
    public Install? Install { get; init; }

    public ImmutableDictionary<Guid, Cycle> Cycles { get; init; } = ImmutableDictionary<Guid, Cycle>.Empty;
}
