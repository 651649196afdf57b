namespace MarketplaceWebhook.Storage;

/// <summary>The last run of `reconcile` over all accounts, with the differences in the table Reconciliations.</summary>
/// <param name="StartedAt">Null: only single accounts were compared.</param>
/// <param name="FinishedAt">Null: it was cut off, or is not finished yet.</param>
/// <param name="Accounts">How many it compared; null if it is not finished.</param>
/// <param name="Differences">By kind; those of accounts that were compared later, too.</param>
public sealed record ReconciliationRun(
    DateTimeOffset? StartedAt, DateTimeOffset? FinishedAt, long? Accounts, IReadOnlyList<DifferenceCount> Differences);

/// <param name="Kind">One of <see cref="DifferenceKind"/>; empty in a row that was edited by hand.</param>
public sealed record DifferenceCount(string Kind, int Number);
