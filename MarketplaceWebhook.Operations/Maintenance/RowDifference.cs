using System.Security.Cryptography;
using System.Text;
using MarketplaceWebhook.Storage;

namespace MarketplaceWebhook.Maintenance;

/// <summary>A difference between Installs or Accounts and the log.</summary>
/// <param name="Account">Cyclr's AccountId.</param>
/// <param name="Row">The row key in Installs; <c>Accounts/</c> and the partition key for a row that Accounts lacks.</param>
/// <param name="Column">Null: the entire row.</param>
/// <param name="Is">Null: absent. For an entire row, the notification it comes from.</param>
/// <param name="ShouldBe">As <paramref name="Is"/>.</param>
public sealed record RowDifference(string Account, string Row, string? Column, string? Is, string? ShouldBe)
{
    /// <summary>Columns with secrets: only a hash is shown, enough to see whether two values are the same.</summary>
    private static readonly string[] Hidden = [Columns.Webhooks, Columns.CompleteParameter];

    /// <summary>Set if it is Accounts that lacks a row of the account.</summary>
    internal string? MissingApiId { get; private init; }

    public static RowDifference NotIndexed(string account, string apiId) =>
        new(account, $"{StorageNames.AccountsTable}/{TableKeys.ApiId(apiId)}", Column: null, Is: null, ShouldBe: "present")
        {
            MissingApiId = apiId,
        };

    /// <summary>
    /// An unknown column is a difference, too: the next notification of the package would replace the row and remove it.
    /// </summary>
    public static IEnumerable<RowDifference> Between(IEnumerable<RawRow> present, IEnumerable<RawRow> wanted)
    {
        var surplus = present.ToDictionary(row => row.RowKey);
        foreach (var row in wanted)
        {
            if (!surplus.Remove(row.RowKey, out var before))
            {
                yield return new RowDifference(row.PartitionKey, row.RowKey, Column: null, Is: null, ShouldBe: Origin(row));
                continue;
            }

            foreach (var column in row.Columns.Keys.Union(before.Columns.Keys))
            {
                var (isValue, shouldBe) = (before.Columns.GetValueOrDefault(column), row.Columns.GetValueOrDefault(column));
                if (!Equals(isValue, shouldBe))
                {
                    var (isText, shouldBeText) = Shown(column, isValue, shouldBe);
                    yield return new RowDifference(row.PartitionKey, row.RowKey, column, isText, shouldBeText);
                }
            }
        }

        foreach (var row in surplus.Values)
        {
            yield return new RowDifference(row.PartitionKey, row.RowKey, Column: null, Is: Origin(row), ShouldBe: null);
        }
    }

    private static string Origin(RawRow row) =>
        (row.Text(Columns.NotificationId) ?? row.Text(Columns.StatusNotificationId)) is { } id ? $"from {id}" : "present";

    private static (string? Is, string? ShouldBe) Shown(string column, object? isValue, object? shouldBe)
    {
        var (isText, shouldBeText) = (Shown(column, isValue), Shown(column, shouldBe));
        // 7 and "7": the type is what differs.
        return isText is not null && isText == shouldBeText
            ? ($"{isText} ({isValue!.GetType().Name})", $"{shouldBeText} ({shouldBe!.GetType().Name})")
            : (isText, shouldBeText);
    }

    private static string? Shown(string column, object? value) => value is null ? null
        : Hidden.Contains(column)
            ? $"(hidden, {Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(RawRow.Shown(value))))[..8]})"
        : RawRow.Shown(value);
}
