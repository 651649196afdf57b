using MarketplaceWebhook.Maintenance;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;
using MarketplaceWebhook.Tests.Support.Histories;

namespace MarketplaceWebhook.Tests.Properties;

/// <summary>What must be true of the storage of a <see cref="MaintenanceHistory"/>.</summary>
internal sealed class MaintenanceChecks(
    MaintenanceStorage storage, MaintenanceReceipts receipts, MaintenanceDeliveries deliveries)
{
    private readonly Dictionary<string, string?> _blobOf = [];

    /// <summary>An account can be compared before and after it is known.</summary>
    public static string[] ReconciliationPartitions(Guid account) =>
        [TableKeys.Account(account), ReconciliationKeys.UnknownAccount(MaintenanceReceipts.ApiId(account))];

    /// <summary>At any time: no payload is gone while a message that refers to it may exist.</summary>
    public void AssertPayloadsAreReachable()
    {
        var (primary, fallback) = (storage.Primary, storage.Fallback);
        var toMove = deliveries.InProgress.Where(delivery => delivery.Queue == fallback.Queue).ToList();
        foreach (var blob in Blobs(
            primary.Queue.Texts.Concat(primary.PoisonQueue.Texts), deliveries.InProgress.Except(toMove)))
        {
            Assert.True(primary.Payloads.Exists(blob), $"A message refers to {blob}, which is gone.");
        }

        foreach (var blob in Blobs(fallback.Queue.Texts, toMove))
        {
            Assert.True(
                fallback.Payloads.Exists(blob) || storage.EarlierPayloads.Exists(blob) || primary.Payloads.Exists(blob),
                $"A message in the fallback storage refers to {blob}, which is gone.");
        }

        foreach (var blob in storage.OfAnotherDeployment)
        {
            Assert.True(storage.EarlierPayloads.Exists(blob), $"Another deployment refers to {blob}, which is gone.");
        }

        IEnumerable<string> Blobs(IEnumerable<string> texts, IEnumerable<Delivery> inProgress) =>
            texts.Concat(inProgress.Select(delivery => delivery.Text)).Select(BlobOf).OfType<string>();
    }

    public void AssertEverythingIsGone(Guid account, Guid other)
    {
        var primary = storage.Primary;
        Assert.DoesNotContain(primary.Installs.Rows, row => row.PartitionKey == account.ToString());
        Assert.DoesNotContain(primary.StatusChanges.Rows, row => row.PartitionKey == account.ToString());
        Assert.DoesNotContain(primary.Accounts.Rows, row => row.RowKey == account.ToString());
        Assert.Equal(
            ReconciliationPartitions(other).Order(StringComparer.Ordinal),
            primary.Reconciliations.Rows.Select(row => row.PartitionKey));
        string[] names = [account.ToString(), MaintenanceReceipts.ApiId(account)];
        Assert.DoesNotContain(
            primary.DeadLetters.Rows, row => row.GetString(Columns.AccountId) == names[0]
                || names.Any(name => row.GetString(Columns.Body)?.Contains(name, StringComparison.Ordinal) == true));
        Assert.DoesNotContain(
            primary.Payloads.Contents.Concat(storage.Fallback.Payloads.Contents),
            blob => names.Any(name => blob.Value.Contains(name, StringComparison.Ordinal)));
    }

    /// <summary>What could be redriven was projected.</summary>
    public async Task AssertDeadLettersAreRedrivenAsync()
    {
        var log = storage.Services.Get<StatusChangeLog>();
        foreach (var deadLetter in await storage.Services.Get<DeadLetterTable>()
            .ReadAsync(kind: null, since: null, default).ToListAsync())
        {
            foreach (var (id, account, _) in receipts.Sent.Where(one => one.Id == deadLetter.Id))
            {
                Assert.NotNull(deadLetter.RedrivenAt);
                Assert.True(await log.ContainsAsync(TableKeys.Account(account), id, default), $"{id} is not projected.");
            }
        }
    }

    /// <param name="accounts">Those that were not erased.</param>
    /// <param name="purgedBefore">
    /// Rows before it may be gone, but only with their blobs; Installs is as it was. Null: there was no purge.
    /// </param>
    public async Task AssertEverythingIsThereAsync(Func<Guid, bool> accounts, DateTimeOffset? purgedBefore)
    {
        await AssertNothingIsLostAsync(accounts, purgedBefore);
        AssertBlobsAreThoseOfRows(purgedBefore);
        await AssertInstallsAreFoldedAsync(accounts);
    }

    private async Task AssertNothingIsLostAsync(Func<Guid, bool> accounts, DateTimeOffset? purgedBefore)
    {
        var (log, deadLetters) = (storage.Services.Get<StatusChangeLog>(), storage.Services.Get<DeadLetterTable>());
        foreach (var (id, account, _) in receipts.Sent.Where(
            one => accounts(one.Account) && !(one.Id.ReceivedAt < purgedBefore)))
        {
            Assert.True(
                await log.ContainsAsync(TableKeys.Account(account), id, default)
                    || (await deadLetters.FindAsync(id, default)).Count > 0,
                $"{id} is lost.");
        }
    }

    private void AssertBlobsAreThoseOfRows(DateTimeOffset? purgedBefore)
    {
        var (primary, payloads) = (storage.Primary, storage.Primary.Payloads);
        var referred = primary.StatusChanges.Rows.Concat(primary.DeadLetters.Rows).SelectMany(row => new[]
        {
            row.GetString(Columns.PayloadBlob), row.GetString(Columns.BodyBlob),
            row.PartitionKey == DeadLetter.Failed ? BlobOf(row.GetString(Columns.Body)) : null,
        }).OfType<string>().ToHashSet();
        Assert.DoesNotContain(referred, name => !payloads.Exists(name));
        Assert.Empty(storage.Fallback.Payloads.Names);
        if (storage.Kind != FallbackAccount.SameUnderAnotherAddress)
        {
            Assert.Equal(storage.OfAnotherDeployment, storage.EarlierPayloads.Names);
        }

        if (purgedBefore is { } before)
        {
            Assert.Equal(
                referred.Order(StringComparer.Ordinal),
                payloads.Names.Where(name => IsBefore(before, name)).Union(referred).Order(StringComparer.Ordinal));
            Assert.DoesNotContain(
                primary.DeadLetters.Rows, row => row.GetDateTimeOffset(Columns.ReceivedAt) < before
                    && !(row.GetDateTimeOffset(Columns.RedrivenAt) >= before));
        }

        bool IsBefore(DateTimeOffset time, string name) =>
            TableKeys.TryParseBlob(name, out var id, out _) && id.ReceivedAt < time && payloads.WrittenAt(name) < time;
    }

    private async Task AssertInstallsAreFoldedAsync(Func<Guid, bool> accounts)
    {
        var primary = storage.Primary;
        var expected = FoldedRows.Rows(deliveries.Projected.Where(one => accounts(one.Account))
            .DistinctBy(one => one.Id).OrderBy(one => one.Id)
            .Select(one => FoldedRows.Change(one.Id, one.Body)).Where(change => KnownStatus.Includes(change.Status)));
        Assert.Equal(
            expected, primary.Installs.Rows.Where(row => accounts(Guid.Parse(row.PartitionKey)))
                .Select(row => MaintenanceServices.Text(RawRow.From(row))));
        AccountRows.AssertEveryInstallIsIndexed(primary.Installs.Rows, primary.Accounts.Rows);
        Assert.Empty(
            await storage.Services.Get<Rebuild>().RunAsync(null, apply: false, TimeSpan.Zero, null, default).ToListAsync());
    }

    /// <summary>Each text is parsed once: it is read after every storage call.</summary>
    private string? BlobOf(string? messageText)
    {
        if (messageText is null)
        {
            return null;
        }

        if (!_blobOf.TryGetValue(messageText, out var blob))
        {
            _blobOf.Add(messageText, blob = Envelope.TryRead(messageText)?.PayloadBlob);
        }

        return blob;
    }
}
