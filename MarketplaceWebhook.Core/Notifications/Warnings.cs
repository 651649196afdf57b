namespace MarketplaceWebhook.Notifications;

/// <summary>What was skipped or cut, by the path of the field: the first 50, then a count. Never the value itself.</summary>
public sealed class Warnings
{
    public const int MaxShown = 50;

    private readonly List<string> _shown = [];
    private int _notShown;

    public Warnings()
    {
    }

    public Warnings(Warnings other)
    {
        _shown.AddRange(other._shown);
        _notShown = other._notShown;
    }

    public bool Any => _shown.Count > 0;

    public void Add(string path, string why)
    {
        if (_shown.Count < MaxShown)
        {
            _shown.Add($"{path}: {why}");
        }
        else
        {
            _notShown++;
        }
    }

    /// <param name="field">Null: the element as a whole.</param>
    public void Add(string list, int index, string? field, string why)
    {
        // The text is built only if it is shown: a hostile body can cause a warning every few bytes.
        if (_shown.Count < MaxShown)
        {
            Add(field is null ? $"{list}[{index}]" : $"{list}[{index}].{field}", why);
        }
        else
        {
            _notShown++;
        }
    }

    public IReadOnlyList<string> ToList() => _notShown == 0 ? _shown : [.. _shown, $"and {_notShown} more"];
}
