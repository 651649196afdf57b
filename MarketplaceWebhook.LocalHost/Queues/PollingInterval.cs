namespace MarketplaceWebhook.LocalHost.Queues;

/// <summary>
/// The pause before the next read of an idle queue: doubles from 100 ms, with 20 % of jitter, up to a maximum.
/// </summary>
internal sealed class PollingInterval(TimeSpan maximum)
{
    private static readonly TimeSpan Minimum = TimeSpan.FromMilliseconds(100);

    private int _idleReads;

    public void Reset() => _idleReads = 0;

    public TimeSpan Next()
    {
        // After 30 doublings the maximum is reached in any case; more would overflow.
        var doublings = Math.Min(_idleReads++, 30);
        var chance = 0.8 + (0.4 * Random.Shared.NextDouble());
        var pause = Minimum + (Minimum * chance * (Math.Pow(2, doublings) - 1));
        return pause < maximum ? pause : maximum;
    }
}
