using Azure.Data.Tables;
using MarketplaceWebhook.Installs;
using MarketplaceWebhook.Maintenance;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Properties;
using MarketplaceWebhook.Tests.Support;
using MarketplaceWebhook.Tests.Support.MemoryStorage;
using MarketplaceWebhook.Tests.Support.MemoryTables;

namespace MarketplaceWebhook.Tests.Maintenance;

/// <summary>
/// How much memory a command keeps while it reads all accounts, beyond that of the tables, which are in memory themselves.
/// </summary>
public sealed class MemoryUseTests(ITestOutputHelper output)
{
    private const int Accounts = 50_000;

    /// <summary>Of these accounts, one in so many has a wrong row.</summary>
    private const int WrongAccountEvery = 500;
    private const int PagesPerSample = 20;
    private const long MostGrowth = 16 * 1024 * 1024;

    private static readonly string[] Statuses = ["installed", "started", NotificationBody.Unknown, "stopped"];

    [Theory(Explicit = true)]
    [InlineData(MaintenanceCommand.Rebuild)]
    [InlineData(MaintenanceCommand.Purge)]
    public async Task Command_keeps_little_memory_over_50000_accounts_and_200000_notifications(MaintenanceCommand command)
    {
        var storage = new MemoryAccount(TimeProvider.System, new TableHooks());
        await FillAsync(storage);
        await using var services = MaintenanceServices.On(storage.Clients, TimeProvider.System);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var (pages, peak) = (0, before);
        var hooks = new TableHooks
        {
            Before = (call, _) =>
            {
                if (call.Operation == "QueryPage" && ++pages % PagesPerSample == 0)
                {
                    peak = Math.Max(peak, GC.GetTotalMemory(forceFullCollection: true));
                }

                return Task.CompletedTask;
            },
        };
        (storage.Installs.Hooks, storage.StatusChanges.Hooks) = (hooks, hooks);
        var started = TimeProvider.System.GetTimestamp();

        var outcome = command == MaintenanceCommand.Rebuild ? await RebuildAsync() : await PurgeAsync();

        output.WriteLine(
            $"{command}: {outcome}; {pages} pages, {TimeProvider.System.GetElapsedTime(started).TotalSeconds:0} s; tables "
            + $"{before / 1024.0 / 1024:0} MiB, at most {(peak - before) / 1024.0 / 1024:0.0} MiB more");
        Assert.InRange(peak - before, 0, MostGrowth);

        async Task<string> RebuildAsync()
        {
            var fixedAccounts = await services.Get<Rebuild>()
                .RunAsync(null, apply: true, TimeSpan.FromSeconds(5), null, Cancellation)
                .CountAsync(account => account.Applied, Cancellation);
            Assert.Equal(Accounts / WrongAccountEvery, fixedAccounts);
            return $"{fixedAccounts} accounts fixed";
        }

        async Task<string> PurgeAsync()
        {
            // What a purge removes would hide what it keeps.
            var purged = await services.Get<Purge>().RunAsync(
                Ids.Start.AddDays(1), dryRun: true, TimeSpan.Zero, Cancellation);
            Assert.Equal(Accounts, purged.Notifications);
            return $"{purged.Notifications} notifications to delete, {purged.KeptNotifications} kept";
        }
    }

    /// <summary>In the order of the keys: each row is added at the end of its table.</summary>
    private static async Task FillAsync(MemoryAccount storage)
    {
        for (var number = 0; number < Accounts; number++)
        {
            var account = new Guid(number, 0, 0, new byte[8]);
            var changes = Statuses.Select((status, minute) => FoldedRows.Change(
                Ids.Minute(minute, number % 4096), NotificationBody.Of(status, account, apiId: $"account {number}"))).ToList();
            foreach (var change in changes.AsEnumerable().Reverse())
            {
                await storage.StatusChanges.AddEntityAsync(change.ToEntity(), Cancellation);
            }

            await storage.Accounts.AddEntityAsync(
                new TableEntity(TableKeys.ApiId($"account {number}"), TableKeys.Account(account)), Cancellation);
            var rows = changes.Where(change => KnownStatus.Includes(change.Status))
                .Aggregate(new Package(account, 1), Fold.Apply).ToRows();
            foreach (var row in rows)
            {
                var entity = row.ToEntity();
                if (number % WrongAccountEvery == 0)
                {
                    entity[Columns.Status] = "running";
                }

                await storage.Installs.AddEntityAsync(entity, Cancellation);
            }
        }
    }
}
