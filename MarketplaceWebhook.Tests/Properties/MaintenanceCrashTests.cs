namespace MarketplaceWebhook.Tests.Properties;

/// <summary>
/// Purge and erase are killed at their storage calls while notifications of the same and of another account are in progress, and
/// run again: they end as if they had not been killed. Throughout, no payload becomes unreachable while a message that refers to
/// it may exist.
/// </summary>
public sealed class MaintenanceCrashTests(ITestOutputHelper output)
{
    private const int Histories = 250;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Command_killed_before_and_after_each_storage_call_ends_as_if_it_was_not_killed(bool isErase)
    {
        const int Seeds = 1;
        var tried = 0;
        for (var seed = 1; seed <= Seeds; seed++)
        {
            var isKilled = true;
            for (var call = 1; isKilled; call++)
            {
                foreach (var before in (bool[])[true, false])
                {
                    isKilled = await CheckAsync(seed, isErase, _ => (call, before));
                    tried += isKilled ? 1 : 0;
                }
            }
        }

        output.WriteLine($"{(isErase ? "erase" : "purge")}: {tried} crash points in {Seeds} histories");
        Assert.True(tried > 0);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Command_killed_at_random_storage_calls_of_random_histories_ends_as_if_it_was_not_killed(bool isErase)
    {
        var first = Random.Shared.Next();
        output.WriteLine($"Seeds from {first}");
        var killed = 0;
        for (var seed = first; seed < first + Histories; seed++)
        {
            killed += await CheckAsync(seed, isErase, random => (random.Next(1, 60), random.Next(2) == 0)) ? 1 : 0;
        }

        output.WriteLine($"{(isErase ? "erase" : "purge")}: killed in {killed} of {Histories} histories");
        Assert.True(killed > Histories / 4);
    }

    private static async Task<bool> CheckAsync(int seed, bool isErase, Func<Random, (int, bool)> kill)
    {
        Cancellation.ThrowIfCancellationRequested();
        try
        {
            var history = new MaintenanceHistory(seed);
            await history.StartAsync();
            var random = new Random(seed);
            var isKilled = !await history.RunAsync(CommandAsync, kill(random));
            if (isKilled && random.Next(2) == 0)
            {
                await history.RunAsync(CommandAsync, kill(random));
            }

            await history.RunAsync(CommandAsync, kill: null);
            await history.DrainAsync();
            await CommandAsync();
            if (isErase)
            {
                history.AssertEverythingOfTheAccountIsGone();
                await history.AssertEverythingIsThereAsync(account => account == MaintenanceHistory.Other, isPurged: false);
            }
            else
            {
                await history.AssertEverythingIsThereAsync(_ => true, isPurged: true);
            }

            return isKilled;

            Task CommandAsync() => isErase
                ? history.Erasure.RunAsync(MaintenanceHistory.Account, TimeSpan.FromSeconds(20), Cancellation)
                : history.Purge.RunAsync(history.Middle, dryRun: false, TimeSpan.FromSeconds(20), Cancellation);
        }
        catch (Exception e) when (!Cancellation.IsCancellationRequested)
        {
            throw new InvalidOperationException($"Seed {seed}", e);
        }
    }
}
