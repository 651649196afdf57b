using System.Globalization;
using Azure.Data.Tables;

namespace MarketplaceWebhook.Storage;

/// <summary>Finds accounts by AccountId or AccountApiId.</summary>
public sealed class AccountLookup(StorageClients clients)
{
    private static readonly string[] Key = [nameof(TableEntity.PartitionKey)];

    /// <param name="name">Cyclr's AccountId, a GUID in any usual form, or the partner's AccountApiId, any text.</param>
    /// <returns>Empty if the name is unknown. Several accounts can have the same AccountApiId.</returns>
    public async Task<IReadOnlyList<Guid>> FindAsync(string name, CancellationToken cancellationToken)
    {
        if (Guid.TryParse(name, CultureInfo.InvariantCulture, out var id) && await IsKnownAsync(id, cancellationToken))
        {
            return [id];
        }

        // Earlier versions wrote an empty AccountApiId, which is an absent one.
        if (name.Length == 0)
        {
            return [];
        }

        var accounts = new HashSet<Guid>();
        var filter = TableClient.CreateQueryFilter($"AccountApiId eq {name}");
        foreach (var table in (TableClient[])[clients.Installs, clients.StatusChanges])
        {
            await foreach (var row in TableRowReader.ReadAsync(table, filter, Key, cancellationToken: cancellationToken))
            {
                if (Guid.TryParse(row.PartitionKey, CultureInfo.InvariantCulture, out var account))
                {
                    accounts.Add(account);
                }
            }

            // The log is searched only for an account that has no package any more, or never had one.
            if (accounts.Count > 0)
            {
                break;
            }
        }

        return [.. accounts.Order()];
    }

    private async Task<bool> IsKnownAsync(Guid id, CancellationToken cancellationToken)
    {
        foreach (var table in (TableClient[])[clients.StatusChanges, clients.Installs])
        {
            if (await TableRowReader.ReadAsync(
                table, TableRowReader.Partition(TableKeys.Account(id)), Key, pageSize: 1, cancellationToken).AnyAsync(
                cancellationToken))
            {
                return true;
            }
        }

        return false;
    }
}
