namespace MarketplaceWebhook.Tests.Support.MemoryTables;

/// <summary>One call of a <see cref="MemoryTableClient"/>; a query makes one per page, as over the wire.</summary>
/// <param name="Table">The table's name.</param>
/// <param name="Operation">The client's method without <c>Async</c>, or <c>QueryPage</c>.</param>
/// <param name="Number">Counts the table's calls from 1.</param>
public sealed record TableCall(string Table, string Operation, int Number);

/// <summary>
/// What a test puts around each call. A hook that throws before the call is a request that never arrived; one that throws after
/// it is a response that got lost; one that never ends is a crash; one that waits lets another writer pass.
/// </summary>
public sealed record TableHooks
{
    public Func<TableCall, CancellationToken, Task> Before { get; init; } = (_, _) => Task.CompletedTask;

    public Func<TableCall, CancellationToken, Task> After { get; init; } = (_, _) => Task.CompletedTask;
}
