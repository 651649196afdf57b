namespace MarketplaceWebhook.Notifications;

/// <summary>What was left out or cut, by the path of the field: the first 50, then a count. Never the value itself.</summary>
public sealed class Warnings
{
    public const int MaxShown = 50;

    private readonly List<string> shown = [];
    private int notShown;

    public Warnings()
    {
    }

    public Warnings(Warnings other)
    {
        shown.AddRange(other.shown);
        notShown = other.notShown;
    }

    public bool Any => shown.Count > 0;

    public void Add(string path, string why)
    {
        if (shown.Count < MaxShown)
        {
            shown.Add($"{path}: {why}");
        }
        else
        {
            notShown++;
        }
    }

    public void Add(string list, int index, string field, string why)
    {
        // The text is made only where it is shown: a hostile body can earn a warning on every few bytes.
        if (shown.Count < MaxShown)
        {
            Add($"{list}[{index}]{field}", why);
        }
        else
        {
            notShown++;
        }
    }

    public IReadOnlyList<string> ToList() => notShown == 0 ? shown : [.. shown, $"and {notShown} more"];
}
