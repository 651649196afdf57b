using Azure.Storage.Queues;
using MarketplaceWebhook.Projecting;
using MarketplaceWebhook.Tests.Support;
using MarketplaceWebhook.Tests.Support.Histories;
using MarketplaceWebhook.Tests.Support.MemoryStorage;

namespace MarketplaceWebhook.Tests.Properties;

/// <summary>The application's projection of messages in any order, repeated and interleaved, on storage in memory.</summary>
internal static class InterleavedProjection
{
    /// <param name="random">The one of the steps.</param>
    /// <param name="copies">At most so many deliveries of a message, besides those after a crash.</param>
    /// <param name="pageSize">Rows that one response to a query covers.</param>
    /// <param name="changeFeed">Null without a change feed.</param>
    public static async Task<MemoryAccount> RunAsync(
        Interleaving steps, Random random, IEnumerable<Arrival> arrivals, int copies, int pageSize,
        QueueClient? changeFeed = null)
    {
        var storage = new MemoryAccount(steps, steps.Hooks, pageSize);
        storage.Installs.Hooks = steps.Hooks with
        {
            After = (call, cancellationToken) =>
            {
                AccountRows.AssertEveryInstallIsIndexed(storage.Installs.Rows, storage.Accounts.Rows);
                return steps.Hooks.After(call, cancellationToken);
            },
        };
        await using var services = MaintenanceServices.On(storage.Clients with { ChangeFeed = changeFeed }, steps);
        var projector = services.Get<Projector>();
        var deliveries = arrivals.SelectMany(
            arrival => Enumerable.Repeat(arrival.Message(), random.Next(1, copies + 1))).ToArray();
        random.Shuffle(deliveries);

        await steps.RunAsync(
            deliveries.Select(message => (Func<Task>)(() => projector.ProjectAsync(message, CancellationToken.None))),
            atOnce: random.Next(1, 5),
            Cancellation);
        return storage;
    }
}
