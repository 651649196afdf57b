using Azure;
using MarketplaceWebhook.Installs;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.Tests.Storage;

public sealed class InstallTableTests(AzuriteFixture azurite)
{
    private static readonly Guid Account = Guid.Parse("abcdef01-2222-3333-4444-555555555555");

    private readonly string _storage = azurite.NewAccount();

    [Fact]
    public async Task Package_is_read_without_packages_that_begin_with_its_digits()
    {
        await using var app = new TestApp(_storage);
        foreach (var packageId in new long[] { 1, 12, 123, 1234, 12345, 2, long.MaxValue })
        {
            await CommitAsync(
                app, Started(1) with { PackageId = packageId, Cycles = [Cycle(packageId, 1), Cycle(packageId, 2)] });
        }

        var package = (await ReadAsync(app, 123)).Package;

        Assert.Equal(123, package.Install!.PackageId);
        Assert.Equal([123, 123], package.Cycles.Values.Select(cycle => cycle.PackageId));
    }

    [Fact]
    public async Task Package_larger_than_a_page_or_a_transaction_is_written_and_read_completely()
    {
        await using var app = new TestApp(_storage);
        var change = Started(1) with { Cycles = [.. Enumerable.Range(0, 1_234).Select(n => Cycle(1234, n))] };

        var written = await CommitAsync(app, change);
        var read = (await ReadAsync(app, 1234)).Package;

        Assert.Equal(1_234, read.Install!.CycleCount);
        Assert.Equal(written.Install, read.Install);
        Assert.Equal(written.Cycles.Values.OrderBy(c => c.CycleId), read.Cycles.Values.OrderBy(c => c.CycleId));
    }

    [Fact]
    public async Task Second_writer_loses_the_race_for_a_new_package()
    {
        await using var app = new TestApp(_storage);
        var (first, second) = (await ReadAsync(app, 1234), await ReadAsync(app, 1234));

        await CommitAsync(app, first, Started(1));
        var lost = await Assert.ThrowsAnyAsync<RequestFailedException>(() => CommitAsync(app, second, Started(2)));

        Assert.Equal((409, true), (lost.Status, StorageErrors.IsLostRace(lost)));
    }

    [Fact]
    public async Task Second_writer_loses_the_race_for_a_known_package_even_with_other_cycles()
    {
        await using var app = new TestApp(_storage);
        await CommitAsync(app, Started(1));
        var (first, second) = (await ReadAsync(app, 1234), await ReadAsync(app, 1234));

        await CommitAsync(app, first, Started(2) with { Cycles = [Cycle(1234, 1)] });
        var lost = await Assert.ThrowsAnyAsync<RequestFailedException>(
            () => CommitAsync(app, second, Started(3) with { Cycles = [Cycle(1234, 2)] }));

        Assert.Equal((412, true), (lost.Status, StorageErrors.IsLostRace(lost)));
        Assert.Equal(2, (await Rows.ListAsync(app.Storage.Installs, Cancellation)).Count);
    }

    [Fact]
    public async Task Writer_loses_the_race_for_a_cycle_that_another_writer_deleted()
    {
        await using var app = new TestApp(_storage);
        await CommitAsync(app, Started(1) with { Cycles = [Cycle(1234, 1)] });
        var before = await ReadAsync(app, 1234);
        var uninstalled = Started(2) with { Status = KnownStatus.Uninstalled };

        await CommitAsync(app, before, uninstalled);
        var lost = await Assert.ThrowsAnyAsync<RequestFailedException>(() => CommitAsync(app, before, uninstalled));

        Assert.True(StorageErrors.IsLostRace(lost), lost.Message);
    }

    [Fact]
    public async Task Absent_column_is_removed_and_an_unchanged_cycle_is_not_written()
    {
        await using var app = new TestApp(_storage);
        await CommitAsync(app, Started(1) with { AccountApiId = "Example", CompleteParameter = "x", Cycles = [Cycle(1234, 1)] });
        var before = await Rows.ETagsAsync(app.Storage.Installs, Cancellation);

        await CommitAsync(app, Started(2));

        var rows = await Rows.ListAsync(app.Storage.Installs, Cancellation);
        Assert.Equal(["install", "cycle"], rows.Select(row => row.GetString("Kind")));
        Assert.DoesNotContain("AccountApiId", rows[0].Keys);
        Assert.DoesNotContain("CompleteParameter", rows[0].Keys);
        Assert.NotEqual(before[$"{Account} 1234"], rows[0].ETag);
        Assert.Equal(before[$"{Account} {rows[1].RowKey}"], rows[1].ETag);
    }

    internal static StatusChange Started(int second) => new()
    {
        Id = Ids.At(second),
        Source = "default",
        Status = KnownStatus.Started,
        AccountId = Account,
        PackageId = 1234,
    };

    internal static async Task<Package> CommitAsync(TestApp app, StatusChange change) =>
        await CommitAsync(app, await ReadAsync(app, change.PackageId), change);

    private static async Task<Package> CommitAsync(TestApp app, InstallTable.Snapshot before, StatusChange change)
    {
        var after = Fold.Apply(before.Package, change);
        await app.Get<InstallTable>().CommitAsync(before, after, Cancellation);
        return after;
    }

    private static Task<InstallTable.Snapshot> ReadAsync(TestApp app, long packageId) =>
        app.Get<InstallTable>().ReadAsync(Account, packageId, Cancellation);

    private static Cycle Cycle(long packageId, int number) => new()
    {
        PackageId = packageId,
        CycleId = new Guid(number, 0, 0, new byte[8]),
        WebhookCount = 0,
        Webhooks = "[]",
        NotificationId = Ids.At(1),
    };
}
