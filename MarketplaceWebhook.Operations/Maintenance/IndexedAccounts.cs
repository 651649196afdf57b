using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using MarketplaceWebhook.Storage;

namespace MarketplaceWebhook.Maintenance;

/// <summary>The keys of Accounts: 16 bytes of their hash, so that those of many accounts fit into memory.</summary>
internal sealed class IndexedAccounts
{
    private readonly HashSet<UInt128> _keys = [];

    public static async Task<IndexedAccounts> ReadAsync(IAsyncEnumerable<RawRow> rows, CancellationToken cancellationToken)
    {
        var index = new IndexedAccounts();
        await foreach (var row in rows.WithCancellation(cancellationToken))
        {
            index._keys.Add(Hash(row.PartitionKey, row.RowKey));
        }

        return index;
    }

    public bool Contains(string partitionKey, string rowKey) => _keys.Contains(Hash(partitionKey, rowKey));

    private static UInt128 Hash(string partitionKey, string rowKey) =>
        // No key contains a line feed.
        BinaryPrimitives.ReadUInt128BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes($"{partitionKey}\n{rowKey}")));
}
