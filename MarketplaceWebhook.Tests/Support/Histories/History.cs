using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using MarketplaceWebhook.Notifications;

namespace MarketplaceWebhook.Tests.Support.Histories;

/// <summary>
/// Some arrivals, and the seed of all that chance does to their deliveries: order, repetition, interleaving, crashes, faults.
/// </summary>
public sealed record History(IReadOnlyList<Arrival> Arrivals, int Seed)
{
    public override string ToString() => $"seed {Seed}\n" + string.Join('\n', Arrivals.Select(arrival => $"  {arrival}"));
}

/// <summary>Random histories: few accounts, packages and cycles, so that the arrivals meet; ids and times that collide.</summary>
public static class AnyHistory
{
    private static readonly Guid[] Accounts = [Guid.Empty, new("8c6f0ae5-4f3e-4f8e-9d6b-0123456789ab")];

    // 12 and 123 begin alike, as do their rows.
    private static readonly long[] Packages = [12, 123, long.MaxValue];

    private static readonly string[] Statuses =
    [
        "installed", "installed", "installed", "uninstalled", "uninstalled",
        .. KnownStatus.All.Except([KnownStatus.Installed, KnownStatus.Uninstalled]),
        " Installed ", "UNINSTALLED", NotificationBody.Unknown, "Started",
    ];

    private static readonly string[] Texts =
        ["", "ExampleAccount", "a b/\\#?'\"<&", "日本 ü 𝄞", "\u202Etxt\u0000\u001b[31m"];

    private static readonly string[] Errors =
        [.. Texts.Select(text => JsonSerializer.Serialize(text)), "null", "false", "{}", "[]", "7", """{"Code":7,"Message":"x"}"""];

    public static Arbitrary<History> Small() => Histories(arrivals: (1, 8), cycleIds: 5, cyclesAtOnce: 4);

    /// <summary>Packages of up to 260 rows: several transactions for a commit.</summary>
    public static Arbitrary<History> Large() => Histories(arrivals: (2, 6), cycleIds: 260, cyclesAtOnce: 220);

    public static Arrival Arrival(Random random) => Arrival(random, index: 0, cycleIds: 5, cyclesAtOnce: 4);

    /// <summary>The same for the same state of <paramref name="random"/>.</summary>
    public static IReadOnlyList<Arrival> Arrivals(Random random) =>
        [.. Enumerable.Range(0, random.Next(1, 9)).Select(index => Arrival(random, index, cycleIds: 5, cyclesAtOnce: 4))];

    private static Arbitrary<History> Histories((int Fewest, int Most) arrivals, int cycleIds, int cyclesAtOnce)
    {
        var history =
            from count in Gen.Choose(arrivals.Fewest, arrivals.Most)
            from seeds in Gen.Choose(0, int.MaxValue - 1).ListOf(count)
            from seed in Gen.Choose(0, int.MaxValue - 1)
            select new History([.. seeds.Select((one, index) => Arrival(new Random(one), index, cycleIds, cyclesAtOnce))], seed);
        return Arb.From(history, Shorter);
    }

    private static IEnumerable<History> Shorter(History history) =>
        from left in Enumerable.Range(0, history.Arrivals.Count)
        where history.Arrivals.Count > 1
        select history with { Arrivals = [.. history.Arrivals.Where((_, index) => index != left)] };

    private static Arrival Arrival(Random random, int index, int cycleIds, int cyclesAtOnce) => new()
    {
        // The counter is the index: it orders the arrivals of one millisecond, as in the receiver.
        Millisecond = new DateTimeOffset(2026, 11, 23, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds() + random.Next(4),
        Counter = index,
        Source = random.Next(4) == 0 ? "other-1" : "default",
        Status = Statuses[random.Next(Statuses.Length)],
        Account = Accounts[random.Next(4) / 3],
        Package = Packages[random.Next(5) switch { < 3 => 0, var other => other - 2 }],
        AccountApiId = Perhaps(random),
        UserId = Perhaps(random),
        CompleteParameter = Perhaps(random),
        Errors = random.Next(3) == 0
            ? [.. Enumerable.Range(0, random.Next(4)).Select(_ => Errors[random.Next(Errors.Length)])] : null,
        Cycles = random.Next(3) > 0 ? Cycles(random, cycleIds, random.Next(cyclesAtOnce + 1)) : null,
    };

    private static string? Perhaps(Random random) => random.Next(2) == 0 ? null : Texts[random.Next(Texts.Length)];

    private static List<ArrivedCycle> Cycles(Random random, int ids, int count)
    {
        var all = Enumerable.Range(1, ids).ToArray();
        random.Shuffle(all);
        return [.. all.Take(count).Select(id => new ArrivedCycle(
            new Guid(id, 0, 0, new byte[8]),
            random.Next(2) == 0 ? "Active" : null,
            // Rare where cycles are many: the body has to fit into a message.
            random.Next(ids) < 3 ? new Guid(random.Next(3), 0, 0, new byte[8]) : null,
            [.. Enumerable.Range(0, random.Next(ids) < 3 ? 2 : 0)
                .Select(url => $"https://example.com/{url}/{random.Next(100)}")]))];
    }
}
