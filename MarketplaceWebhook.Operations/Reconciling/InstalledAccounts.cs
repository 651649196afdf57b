using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;

namespace MarketplaceWebhook.Reconciling;

/// <summary>What Installs knows of all accounts: their API ids, and which packages use which template.</summary>
internal sealed class InstalledAccounts
{
    private readonly Dictionary<Guid, (NotificationId At, string? ApiId)> _accounts = [];
    private readonly Dictionary<string, SortedSet<long>> _templates = [];

    /// <summary>The columns that <see cref="Add"/> needs besides the keys.</summary>
    public static IReadOnlyList<string> NeededColumns { get; } =
        [Columns.Kind, Columns.PackageId, Columns.AccountApiId, Columns.StatusNotificationId, Columns.TemplateId];

    public IReadOnlyCollection<Guid> AccountIds => _accounts.Keys;

    public bool Contains(Guid account) => _accounts.ContainsKey(account);

    /// <param name="row">Of Installs. One that was edited by hand and cannot be read is skipped.</param>
    public void Add(RawRow row)
    {
        if (!Guid.TryParse(row.PartitionKey, out var account))
        {
            return;
        }

        var present = _accounts.GetValueOrDefault(account);
        _accounts[account] = row.Text(Columns.AccountApiId) is { Length: > 0 } apiId
            && row.Id(Columns.StatusNotificationId) is { } at && (present.ApiId is null || present.At < at)
                ? (at, apiId) : present;
        if (row.Text(Columns.TemplateId) is { Length: > 0 } template && row.Number(Columns.PackageId) is { } package)
        {
            if (!_templates.TryGetValue(TemplateKey(template), out var packages))
            {
                _templates.Add(TemplateKey(template), packages = []);
            }

            packages.Add(package);
        }
    }

    /// <summary>The latest that a notification had; null if none had one.</summary>
    public string? ApiIdOf(Guid account) => _accounts.GetValueOrDefault(account).ApiId;

    /// <returns>Empty for a template that no stored cycle of any account was created from.</returns>
    public IReadOnlyCollection<long> PackagesOf(string template) => _templates.GetValueOrDefault(TemplateKey(template)) ?? [];

    /// <summary>The same template as the same text: a GUID can be written in several ways.</summary>
    public static string TemplateKey(string template) => Guid.TryParse(template, out var id) ? id.ToString() : template;
}
