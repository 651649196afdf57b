using Azure.Data.Tables;

namespace MarketplaceWebhook.Tests.Support.Histories;

/// <summary>What is true of the rows of Accounts at any time.</summary>
internal static class AccountRows
{
    /// <summary>An install is never stored before its pair of ids is.</summary>
    public static void AssertEveryInstallIsIndexed(IEnumerable<TableEntity> installs, IEnumerable<TableEntity> accounts) =>
        Assert.Empty(installs.Select(row => (Account: row.PartitionKey, ApiId: row.GetString("AccountApiId")))
            .Where(pair => pair.ApiId is { Length: > 0 })
            .Except(accounts.Select(row => (row.GetString("AccountId"), (string?)row.GetString("AccountApiId")))!));

    /// <summary>A row has a pair of ids that a notification had.</summary>
    public static void AssertEveryRowIsOfAnArrival(IEnumerable<TableEntity> accounts, IEnumerable<Arrival> arrivals) =>
        Assert.Empty(accounts.Select(row => (row.RowKey, (string?)row.GetString("AccountApiId")))
            .Except(arrivals.Select(arrival => (arrival.Account.ToString(), arrival.AccountApiId))));
}
