using Azure.Data.Tables;
using MarketplaceWebhook.Notifications;

namespace MarketplaceWebhook.Storage;

/// <summary>Finds accounts by a part of an id. Reads all installs: tables have no such search.</summary>
public sealed class AccountSearch(StorageClients clients)
{
    private static readonly string[] Needed =
    [
        nameof(TableEntity.PartitionKey), nameof(TableEntity.RowKey), Columns.AccountApiId, Columns.PackageId, Columns.Status,
        Columns.StatusAt, Columns.ErrorCount,
    ];

    /// <param name="text">A part of the AccountId or of an AccountApiId, in any case; null finds all accounts.</param>
    /// <returns>Those with errors first, and of these and of the others the latest change first.</returns>
    public async Task<IReadOnlyList<AccountSummary>> FindAsync(string? text, CancellationToken cancellationToken)
    {
        var found = new List<AccountSummary>();
        var installs = new List<RawRow>();
        // Sorted by account.
        await foreach (var row in TableRowReader.ReadAsync(
            clients.Installs, TableClient.CreateQueryFilter($"Kind eq {EntityMapping.InstallKind}"), Needed,
            cancellationToken: cancellationToken))
        {
            if (installs is [var first, ..] && first.PartitionKey != row.PartitionKey)
            {
                AddIfItMatches();
            }

            installs.Add(row);
        }

        if (installs.Count > 0)
        {
            AddIfItMatches();
        }

        return [.. found.OrderByDescending(account => account.Errors > 0).ThenByDescending(account => account.ChangedAt)];

        void AddIfItMatches()
        {
            var account = AccountSummary.Of(installs);
            installs.Clear();
            if (text is null
                || account.ApiIds.Append(account.Id).Any(id => id.Contains(text, StringComparison.OrdinalIgnoreCase)))
            {
                found.Add(account);
            }
        }
    }
}

/// <param name="Id">Cyclr's AccountId.</param>
/// <param name="Packages">With their status. Null: a row that was edited by hand.</param>
/// <param name="Errors">Of the packages that are not uninstalled.</param>
/// <param name="ChangedAt">When the latest notification with a known status was received.</param>
public sealed record AccountSummary(
    string Id, IReadOnlyList<string> ApiIds, IReadOnlyList<(long? Id, string? Status)> Packages, long Errors,
    DateTimeOffset? ChangedAt)
{
    /// <param name="installs">The install rows of one account, readable or not.</param>
    internal static AccountSummary Of(IReadOnlyList<RawRow> installs) => new(
        installs[0].PartitionKey,
        [.. installs.Select(row => row.Text(Columns.AccountApiId)).OfType<string>().Where(id => id.Length > 0).Distinct()],
        [.. installs.Select(row => (row.Number(Columns.PackageId), row.Text(Columns.Status)))],
        installs.Where(row => row.Text(Columns.Status) != KnownStatus.Uninstalled)
            .Sum(row => row.Number(Columns.ErrorCount) ?? 0),
        installs.Max(row => row.Time(Columns.StatusAt)));
}
