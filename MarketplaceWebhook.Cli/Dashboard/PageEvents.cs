using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace MarketplaceWebhook.Cli.Dashboard;

/// <summary>
/// The events for the open pages. A page that falls behind is disconnected: its browser reconnects and gets a new snapshot.
/// </summary>
internal sealed class PageEvents
{
    private const int MaxQueuedEvents = 2_000;

    private readonly Lock _gate = new();
    private readonly HashSet<Channel<SseItem<object>>> _pages = [];

    public bool HasPages
    {
        get
        {
            lock (_gate)
            {
                return _pages.Count > 0;
            }
        }
    }

    public void Publish(string type, object data)
    {
        lock (_gate)
        {
            _pages.RemoveWhere(page => !page.Writer.TryWrite(new SseItem<object>(data, type)) && page.Writer.TryComplete());
        }
    }

    /// <param name="snapshot">Created after the page is registered, so that no event is lost in between.</param>
    public async IAsyncEnumerable<SseItem<object>> ReadAsync(
        Func<object> snapshot, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var page = Channel.CreateBounded<SseItem<object>>(MaxQueuedEvents);
        lock (_gate)
        {
            _pages.Add(page);
        }

        try
        {
            yield return new SseItem<object>(snapshot(), "snapshot") { ReconnectionInterval = TimeSpan.FromSeconds(1) };
            await foreach (var item in page.Reader.ReadAllAsync(cancellationToken))
            {
                yield return item;
            }
        }
        finally
        {
            lock (_gate)
            {
                _pages.Remove(page);
            }
        }
    }
}
