using System.Globalization;
using MarketplaceWebhook.Storage;

namespace MarketplaceWebhook.Maintenance;

/// <summary>Compares an account's rows of Installs, and its AccountApiIds in Accounts, with what its log gives.</summary>
internal sealed class AccountComparison
{
    private readonly ILookup<long?, RawRow> _present;
    private readonly Dictionary<long, List<RawRow>> _wanted;

    /// <param name="missingApiIds">Of the replay's: Accounts does not list the account under them.</param>
    public AccountComparison(
        string account, IEnumerable<RawRow> rows, AccountReplay replay, IEnumerable<string> missingApiIds)
    {
        Account = account;
        Problems = replay.Problems;
        LogRows = replay.Count;
        _present = rows.ToLookup(row => GroupOf(row.RowKey));
        _wanted = replay.Rows();
        // A log that is only partly readable does not tell what the rows should be.
        Differences = Problems.Count > 0
            ? []
            :
            [
                .. missingApiIds.Select(apiId => RowDifference.NotIndexed(account, apiId)),
                .. RowDifference.Between(_present.SelectMany(group => group), _wanted.Values.SelectMany(group => group)),
            ];
    }

    public string Account { get; }

    public int LogRows { get; }

    public IReadOnlyList<string> Problems { get; }

    public IReadOnlyList<RowDifference> Differences { get; }

    public bool IsRight => Differences.Count == 0 && Problems.Count == 0;

    public IEnumerable<int> Findings() => Differences.Select(difference => difference.GetHashCode());

    public bool Differs(long? group) => Differences.Any(
        difference => difference.MissingApiId is null && GroupOf(difference.Row) == group);

    public List<RawRow> Present(long? group) => [.. _present[group]];

    public List<RawRow> Wanted(long? group) => group is { } package && _wanted.TryGetValue(package, out var rows) ? rows : [];

    /// <summary>The package that a row key belongs to; null for a key that belongs to none.</summary>
    public static long? GroupOf(string rowKey)
    {
        var end = rowKey.IndexOf('_', StringComparison.Ordinal);
        var package = end < 0 ? rowKey : rowKey[..end];
        return long.TryParse(package, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            && TableKeys.Install(id) == package
            ? id : null;
    }
}

/// <param name="Problems">Rows of its log that cannot be read: the account was not changed.</param>
/// <param name="Applied">The differences were fixed.</param>
public sealed record RebuiltAccount(
    string Account, IReadOnlyList<RowDifference> Differences, IReadOnlyList<string> Problems, bool Applied);

/// <summary>How much a rebuild has read so far.</summary>
/// <param name="Account">The last account read: accounts are read in the order of their ids.</param>
public sealed record RebuildProgress(string Account = "", long Accounts = 0, long Notifications = 0)
{
    internal RebuildProgress With(AccountComparison comparison) =>
        new(comparison.Account, Accounts + 1, Notifications + comparison.LogRows);
}
