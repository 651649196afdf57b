using System.Diagnostics;
using MarketplaceWebhook.Storage;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace MarketplaceWebhook.Benchmarks.Macro;

/// <summary>
/// Finds an account by the partner's AccountApiId: by the table Accounts, and without it by reading all of Installs. The stand-in
/// filters rows in memory and responds with one page: a storage account needs more time for the second.
/// </summary>
internal static class AccountLookups
{
    private const string Section = "Lookup by AccountApiId";
    private const int Accounts = 50_000;
    private const int Lookups = 20;
    private const string Index = "index";
    private const string Scan = "scan of Installs";

    public static async Task<IReadOnlyList<Figure>> MeasureAsync(BenchmarkRun bench, CancellationToken cancellationToken)
    {
        bench.Options.Report($"{Section} ...");
        var count = bench.Options.Scaled(Accounts);
        await using var storage = await StorageStandIn.StartAsync(cancellationToken);
        storage.Tables = Fill(count);
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection([new(StorageSettings.Name, storage.ConnectionString)]).Build();
        await using var services = new ServiceCollection()
            .AddLogging().AddMaintenance(AppSettings.Read(configuration)).BuildServiceProvider();
        var lookup = services.GetRequiredService<AccountLookup>();
        await MillisecondsAsync(Index);
        await MillisecondsAsync(Scan);
        var rounds = await bench.TakeTurnsAsync([Index, Scan], MillisecondsAsync);
        return [Figure.Of(Section, $"by the index, {count:N0} accounts", "ms", rounds, Index, Scan, t => t)];

        async Task<double> MillisecondsAsync(string way)
        {
            var milliseconds = new List<double>();
            for (var n = 0; n < Lookups; n++)
            {
                var apiId = ApiId(Random.Shared.Next(count));
                var started = Stopwatch.GetTimestamp();
                var found = way == Index
                    ? await lookup.FindIndexedAsync(apiId, cancellationToken)
                    : await lookup.ScanAsync(apiId, cancellationToken);
                milliseconds.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
                if (found.Count != 1)
                {
                    throw new InvalidOperationException($"{apiId} has {found.Count} accounts, not 1.");
                }
            }

            return Statistics.Median(milliseconds);
        }
    }

    private static string ApiId(int number) => $"customer-{number}";

    private static SortedTables Fill(int count)
    {
        var tables = new SortedTables();
        for (var n = 0; n < count; n++)
        {
            var (account, apiId) = (TableKeys.Account(Guid.NewGuid()), ApiId(n));
            Insert(StorageNames.AccountsTable, TableKeys.ApiId(apiId), account, apiId);
            Insert(StorageNames.InstallsTable, account, TableKeys.Install(1234), apiId);
        }

        return tables;

        void Insert(string table, string partitionKey, string rowKey, string apiId) => tables.Insert(
            table, partitionKey, rowKey,
            $$"""{"PartitionKey":"{{partitionKey}}","RowKey":"{{rowKey}}","AccountApiId":"{{apiId}}"}""");
    }
}
