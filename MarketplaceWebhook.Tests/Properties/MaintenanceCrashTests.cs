namespace MarketplaceWebhook.Tests.Properties;

/// <summary>
/// Maintenance commands are killed at their storage calls while notifications of the same and of another account are in progress,
/// and run again: they end as if they had not been killed. Throughout, no payload becomes unreachable while a message that refers
/// to it may exist.
/// </summary>
public sealed class MaintenanceCrashTests(ITestOutputHelper output)
{
    private static readonly int Histories = RandomCases.Times(20);

    public static MatrixTheoryData<MaintenanceCommand, FallbackAccount> CommandsAndFallbacks =>
        new(Enum.GetValues<MaintenanceCommand>(), Enum.GetValues<FallbackAccount>());

    [Theory]
    [MemberData(nameof(CommandsAndFallbacks))]
    public async Task Command_killed_before_and_after_each_storage_call_ends_as_if_it_was_not_killed(
        MaintenanceCommand command, FallbackAccount fallback)
    {
        // An erasure makes hundreds of calls.
        var every = command == MaintenanceCommand.Erase ? RandomCases.OneOf(4) : 1;
        var first = Random.Shared.Next(1, every + 1);
        var tried = 0;
        // Before one call is after the one before: the killed command leaves the same in storage.
        while (await CheckAsync(seed: 1, fallback, command, _ => (first + (tried * every), true)))
        {
            tried++;
        }

        output.WriteLine($"{command}, fallback {fallback}: {tried} crash points, one of {every} from call {first}");
        Assert.True(tried > 0);
    }

    [Theory]
    [MemberData(nameof(CommandsAndFallbacks))]
    public async Task Command_killed_at_random_storage_calls_of_random_histories_ends_as_if_it_was_not_killed(
        MaintenanceCommand command, FallbackAccount fallback)
    {
        var killed = 0;
        foreach (var seed in Seeds(Histories / 3))
        {
            killed += await CheckAsync(seed, fallback, command, random => AnyCall(random, command)) ? 1 : 0;
        }

        output.WriteLine($"{command}, fallback {fallback}: killed in {killed} of {Histories / 3} histories");
        Assert.True(killed > Histories / 12);
    }

    [Theory]
    [InlineData(MaintenanceCommand.Redrive, MaintenanceCommand.Purge)]
    [InlineData(MaintenanceCommand.Redrive, MaintenanceCommand.Erase)]
    [InlineData(MaintenanceCommand.Purge, MaintenanceCommand.Redrive)]
    [InlineData(MaintenanceCommand.Erase, MaintenanceCommand.Redrive)]
    public async Task Payloads_stay_reachable_when_one_command_runs_between_two_storage_calls_of_another(
        MaintenanceCommand command, MaintenanceCommand other)
    {
        var interrupted = 0;
        foreach (var seed in Seeds(Histories / 4))
        {
            var fallback = (FallbackAccount)(seed % 3);
            interrupted += await CheckAsync(seed, fallback, command, random => AnyCall(random, command), other) ? 1 : 0;
        }

        output.WriteLine($"{command}, interrupted by {other} in {interrupted} of {Histories / 4} histories");
        Assert.True(interrupted > Histories / 16);
    }

    /// <summary>Most runs of the command make as many calls.</summary>
    private static (int Call, bool Before) AnyCall(Random random, MaintenanceCommand command) =>
        (random.Next(1, command switch
        {
            MaintenanceCommand.Erase => 120,
            MaintenanceCommand.Purge => 40,
            _ => 20,
        }), random.Next(2) == 0);

    private IEnumerable<int> Seeds(int count)
    {
        var first = Random.Shared.Next(int.MaxValue - count);
        output.WriteLine($"Seeds from {first}");
        return Enumerable.Range(first, count);
    }

    /// <param name="other">Runs at the interruption; null: the command is killed there.</param>
    /// <returns>Whether the command was interrupted.</returns>
    private static async Task<bool> CheckAsync(
        int seed, FallbackAccount fallback, MaintenanceCommand command, Func<Random, (int, bool)> interruption,
        MaintenanceCommand? other = null)
    {
        Cancellation.ThrowIfCancellationRequested();
        try
        {
            await using var history = new MaintenanceHistory(seed, fallback);
            await history.StartAsync();
            if (command == MaintenanceCommand.Rebuild)
            {
                await history.DamageTablesAsync();
            }

            var random = new Random(seed);
            var isInterrupted = await history.RunAsync(command, interruption(random), other);
            if (isInterrupted && random.Next(2) == 0)
            {
                await history.RunAsync(command, interruption(random), other);
            }

            await history.RunAsync(command);
            await history.DrainAsync();
            await history.RunAloneAsync(command);
            await history.DrainAsync();
            var isErased = MaintenanceCommand.Erase == command || MaintenanceCommand.Erase == other;
            if (isErased)
            {
                await history.RunAloneAsync(MaintenanceCommand.Erase);
                history.Checks.AssertEverythingIsGone(MaintenanceHistory.Account, MaintenanceHistory.Other);
            }

            if (command == MaintenanceCommand.Redrive && other is null)
            {
                await history.Checks.AssertDeadLettersAreRedrivenAsync();
            }

            var isPurged = MaintenanceCommand.Purge == command || MaintenanceCommand.Purge == other;
            if (isPurged)
            {
                await history.RunAloneAsync(MaintenanceCommand.Purge);
            }

            await history.Checks.AssertEverythingIsThereAsync(
                account => !isErased || account == MaintenanceHistory.Other, isPurged ? history.Middle : null);
            return isInterrupted;
        }
        catch (Exception e) when (!Cancellation.IsCancellationRequested)
        {
            throw new InvalidOperationException($"Seed {seed}, fallback {fallback}, {interruption(new Random(seed))}", e);
        }
    }
}

/// <summary>A command of operators that changes storage.</summary>
public enum MaintenanceCommand
{
    Erase,
    Purge,
    Redrive,
    Rebuild,
}
