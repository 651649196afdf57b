using Azure.Data.Tables;

namespace MarketplaceWebhook.Storage;

/// <summary>
/// Splits the actions on one partition into transactions that a table accepts: at most 100 rows, and well below 4 MiB.
/// Source: https://learn.microsoft.com/rest/api/storageservices/performing-entity-group-transactions
/// </summary>
public static class TableTransactions
{
    public const int MaxActions = 100;
    public const int MaxBytes = 3 * 1024 * 1024;

    /// <summary>The size of an action besides its values: the multipart headers, the URL, and the names of the columns.</summary>
    private const int BytesPerAction = 1_500;

    /// <param name="fence">The last action of the last transaction.</param>
    public static IEnumerable<IReadOnlyList<TableTransactionAction>> Split(
        IEnumerable<TableTransactionAction> actions, TableTransactionAction fence)
    {
        var fenceBytes = BytesOf(fence.Entity);
        var transaction = new List<TableTransactionAction>();
        var bytes = fenceBytes;
        foreach (var action in actions)
        {
            if (action.Entity.PartitionKey != fence.Entity.PartitionKey)
            {
                throw new InvalidOperationException("A transaction holds rows of one partition.");
            }

            // Each transaction may be the last, so each leaves space for the fence.
            var actionBytes = action.ActionType == TableTransactionActionType.Delete ? BytesPerAction : BytesOf(action.Entity);
            if (transaction.Count > 0 && (transaction.Count + 1 == MaxActions || bytes + actionBytes > MaxBytes))
            {
                yield return transaction;
                (transaction, bytes) = ([], fenceBytes);
            }

            transaction.Add(action);
            bytes += actionBytes;
        }

        yield return [.. transaction, fence];
    }

    private static int BytesOf(ITableEntity entity) =>
        BytesPerAction + ((TableEntity)entity).Sum(column => column.Value is string text ? BytesOf(text) : 0);

    /// <summary>The client writes a character beyond ASCII, or one with a meaning in HTML, as \uXXXX.</summary>
    private static int BytesOf(string text) =>
        text.Sum(c => char.IsAsciiLetterOrDigit(c) || c is ' ' or '-' or '_' or '.' or ':' or '/' or ',' or '{' or '}' ? 1 : 6);
}
