using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace MarketplaceWebhook.Cli.Dashboard;

/// <summary>What the open pages are told. A page that falls behind is cut off: its browser asks again and gets everything anew.</summary>
internal sealed class PageEvents
{
    private const int MaxBehind = 2_000;

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

    /// <param name="snapshot">Taken when the page is on the list already, so that nothing is lost between the two.</param>
    public async IAsyncEnumerable<SseItem<object>> ReadAsync(
        Func<object> snapshot, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var page = Channel.CreateBounded<SseItem<object>>(MaxBehind);
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
