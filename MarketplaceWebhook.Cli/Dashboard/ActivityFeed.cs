namespace MarketplaceWebhook.Cli.Dashboard;

/// <summary>The last notifications of this run, newest last.</summary>
internal sealed class ActivityFeed
{
    public const int MaxCount = 200;

    private readonly Lock _gate = new();
    private readonly OrderedDictionary<string, NotificationActivity> _activities = new(StringComparer.Ordinal);

    public NotificationActivity Set(string id, Func<NotificationActivity?, NotificationActivity> change)
    {
        lock (_gate)
        {
            var changed = _activities[id] = change(_activities.GetValueOrDefault(id));
            if (_activities.Count > MaxCount)
            {
                _activities.RemoveAt(0);
            }

            return changed;
        }
    }

    public IReadOnlyList<NotificationActivity> ToList()
    {
        lock (_gate)
        {
            return [.. _activities.Values];
        }
    }
}
