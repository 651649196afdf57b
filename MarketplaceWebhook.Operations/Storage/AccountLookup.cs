using System.Globalization;
using Azure.Data.Tables;

namespace MarketplaceWebhook.Storage;

/// <summary>Finds accounts by AccountId or AccountApiId.</summary>
public sealed class AccountLookup(StorageClients clients, AccountTable index)
{
    private static readonly string[] Key = [nameof(TableEntity.PartitionKey)];

    /// <summary>
    /// Asks the index first. For an AccountApiId that it lacks or that is a former one, reads all of Installs and StatusChanges.
    /// </summary>
    /// <param name="name">Cyclr's AccountId, a GUID in any usual form, or the partner's AccountApiId, any text.</param>
    public async Task<FoundAccounts> FindAsync(string name, CancellationToken cancellationToken)
    {
        if (await FindIdAsync(name, cancellationToken) is { } id)
        {
            return new FoundAccounts([id]);
        }

        var indexed = await FindIndexedAsync(name, cancellationToken);
        return indexed.Count > 0 ? new FoundAccounts(indexed) : await ScanForApiIdAsync(name, cancellationToken);
    }

    /// <summary>Every account with that name, whether the index has it or not.</summary>
    /// <param name="name">As in <see cref="FindAsync"/>.</param>
    public async Task<IReadOnlyList<Guid>> ScanAsync(string name, CancellationToken cancellationToken) =>
        await FindIdAsync(name, cancellationToken) is { } id ? [id] : (await ScanForApiIdAsync(name, cancellationToken)).Ids;

    /// <summary>The accounts whose installs have that AccountApiId now, as far as the index has them.</summary>
    public async Task<IReadOnlyList<Guid>> FindIndexedAsync(string apiId, CancellationToken cancellationToken)
    {
        var accounts = new List<Guid>();
        await foreach (var row in index.ReadAsync(apiId, cancellationToken))
        {
            var filter = TableClient.CreateQueryFilter($"PartitionKey eq {row.RowKey} and AccountApiId eq {apiId}");
            accounts.AddRange(await ReadAccountsAsync(clients.Installs, filter, cancellationToken));
        }

        return accounts;
    }

    private async Task<FoundAccounts> ScanForApiIdAsync(string apiId, CancellationToken cancellationToken)
    {
        // Earlier versions wrote an empty AccountApiId, which is an absent one.
        if (apiId.Length == 0)
        {
            return new FoundAccounts([]);
        }

        // The log is searched only for an account that has no package any more, or never had one.
        var filter = TableClient.CreateQueryFilter($"AccountApiId eq {apiId}");
        var installed = await ReadAccountsAsync(clients.Installs, filter, cancellationToken);
        return installed.Count > 0
            ? new FoundAccounts(installed, IsNotIndexed: true)
            : new FoundAccounts(await ReadAccountsAsync(clients.StatusChanges, filter, cancellationToken));
    }

    private static async Task<IReadOnlyList<Guid>> ReadAccountsAsync(
        TableClient table, string filter, CancellationToken cancellationToken)
    {
        var accounts = new HashSet<Guid>();
        await foreach (var row in TableRowReader.ReadAsync(table, filter, Key, cancellationToken: cancellationToken))
        {
            if (Guid.TryParse(row.PartitionKey, CultureInfo.InvariantCulture, out var account))
            {
                accounts.Add(account);
            }
        }

        return [.. accounts.Order()];
    }

    private async Task<Guid?> FindIdAsync(string name, CancellationToken cancellationToken)
    {
        if (!Guid.TryParse(name, CultureInfo.InvariantCulture, out var id))
        {
            return null;
        }

        foreach (var table in (TableClient[])[clients.StatusChanges, clients.Installs])
        {
            if (await TableRowReader.ReadAsync(
                table, TableRowReader.Partition(TableKeys.Account(id)), Key, pageSize: 1, cancellationToken).AnyAsync(
                cancellationToken))
            {
                return id;
            }
        }

        return null;
    }
}

/// <param name="Ids">Empty if the name is unknown. Several accounts can have the same AccountApiId.</param>
/// <param name="IsNotIndexed">Installs has the AccountApiId, and the table Accounts lacks it.</param>
public sealed record FoundAccounts(IReadOnlyList<Guid> Ids, bool IsNotIndexed = false);
