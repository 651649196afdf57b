using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Azure;
using Azure.Data.Tables;

namespace MarketplaceWebhook.Tests.Reading;

/// <summary>A package that a customer has, or had: a row of Installs.</summary>
public sealed record Install : ITableEntity
{
    /// <summary>Cyclr's AccountId.</summary>
    public string PartitionKey { get; set; } = "";

    public string RowKey { get; set; } = "";

    public DateTimeOffset? Timestamp { get; set; }

    public ETag ETag { get; set; }

    public string? AccountApiId { get; set; }

    public long PackageId { get; set; }

    public string Status { get; set; } = "";

    public int? ErrorCount { get; set; }
}

/// <summary>Reads what a customer has, by your own id or by Cyclr's.</summary>
public sealed class CustomerInstalls(TableClient accounts, TableClient installs)
{
    /// <param name="apiId">The AccountApiId that you gave Cyclr.</param>
    public async Task<List<Install>> ReadByApiIdAsync(string apiId, CancellationToken cancellationToken)
    {
        var found = new List<Install>();
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {KeyOf(apiId)}");
        await foreach (var row in accounts.QueryAsync<TableEntity>(filter, cancellationToken: cancellationToken))
        {
            // The index also has the ids that an account had before: the install decides.
            var ofAccount = await ReadByAccountIdAsync(Guid.Parse(row.RowKey), cancellationToken);
            found.AddRange(ofAccount.Where(install => install.AccountApiId == apiId));
        }

        return found;
    }

    /// <param name="accountId">Cyclr's AccountId.</param>
    public async Task<List<Install>> ReadByAccountIdAsync(Guid accountId, CancellationToken cancellationToken)
    {
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {accountId.ToString()} and Kind eq {"install"}");
        return await installs.QueryAsync<Install>(filter, cancellationToken: cancellationToken).ToListAsync(cancellationToken);
    }

    /// <summary>The partition of an AccountApiId in the table Accounts.</summary>
    public static string KeyOf(string apiId)
    {
        var key = string.Concat(apiId.Select(c => char.IsControl(c) || "/\\#?%~".Contains(c)
            ? string.Create(CultureInfo.InvariantCulture, $"~{(int)c:X2}")
            : c.ToString()));
        return Encoding.UTF8.GetByteCount(key) <= 400
            ? key
            : $"~sha256-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(apiId)))}";
    }
}
