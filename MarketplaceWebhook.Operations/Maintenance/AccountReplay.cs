using MarketplaceWebhook.Installs;
using MarketplaceWebhook.Storage;

namespace MarketplaceWebhook.Maintenance;

/// <summary>Folds an account's log row by row into its packages. Only the state is kept in memory, never the log.</summary>
public sealed class AccountReplay(StatusChangeReader reader, TimeProvider time)
{
    private readonly Dictionary<long, Package> _packages = [];
    private readonly List<string> _problems = [];

    /// <summary>Rows of the log that cannot be read: then the correct state of the account is unknown.</summary>
    public IReadOnlyList<string> Problems => _problems;

    /// <summary>How many rows of the log were added.</summary>
    public int Count { get; private set; }

    public async Task AddAsync(RawRow row, CancellationToken cancellationToken)
    {
        Count++;
        try
        {
            if (await reader.ReadAsync(row, time.GetUtcNow(), cancellationToken) is { } change)
            {
                var package = _packages.GetValueOrDefault(change.PackageId) ?? new Package(change.AccountId, change.PackageId);
                _packages[change.PackageId] = Fold.Apply(package, change);
            }
        }
        catch (UnreadableLogRowException e)
        {
            _problems.Add(e.Message);
        }
    }

    /// <summary>The rows that Installs should have, by package.</summary>
    public Dictionary<long, List<RawRow>> Rows() => _packages.ToDictionary(p => p.Key, p => p.Value.ToRows().ToList());

    /// <summary>Those that the installs of the account should have.</summary>
    public IEnumerable<string> ApiIds() =>
        _packages.Values.Select(package => package.Install?.AccountApiId).OfType<string>().Where(id => id.Length > 0).Distinct();
}
