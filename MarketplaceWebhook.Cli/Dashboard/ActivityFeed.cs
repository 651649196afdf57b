namespace MarketplaceWebhook.Cli.Dashboard;

/// <summary>The last notifications of this run, newest last.</summary>
internal sealed class ActivityFeed
{
    private const int Kept = 200;

    private readonly Lock gate = new();
    private readonly OrderedDictionary<string, Activity> activities = new(StringComparer.Ordinal);

    public Activity Set(string id, Func<Activity?, Activity> change)
    {
        lock (gate)
        {
            var changed = activities[id] = change(activities.GetValueOrDefault(id));
            if (activities.Count > Kept)
            {
                activities.RemoveAt(0);
            }

            return changed;
        }
    }

    public IReadOnlyList<Activity> ToList()
    {
        lock (gate)
        {
            return [.. activities.Values];
        }
    }
}
