using System.Collections.Concurrent;
using MarketplaceWebhook.LocalHost;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.EndToEndTests.LocalHost.Fakes;

/// <summary>What a host has reported.</summary>
internal sealed class SeenEvents
{
    private readonly ConcurrentQueue<HostEvent> _seen = [];

    public void Add(HostEvent one) => _seen.Enqueue(one);

    public IReadOnlyList<T> All<T>()
        where T : HostEvent => [.. _seen.OfType<T>()];

    /// <summary>Waits until there are so many.</summary>
    public Task<IReadOnlyList<T>> AtLeastAsync<T>(int count)
        where T : HostEvent => Wait.ForAsync(
            $"{count} of {typeof(T).Name}", () =>
                Task.FromResult(All<T>()), all => all.Count >= count, Cancellation);

    public async Task<T> FirstAsync<T>()
        where T : HostEvent => (await AtLeastAsync<T>(1))[0];
}
