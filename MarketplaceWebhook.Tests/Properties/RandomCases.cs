using System.Globalization;

namespace MarketplaceWebhook.Tests.Properties;

/// <summary>
/// How many random cases a test has: so few by default that all tests take a minute. HISTORIES in the environment multiplies it.
/// </summary>
internal static class RandomCases
{
    private static readonly int Factor = int.Parse(
        Environment.GetEnvironmentVariable("HISTORIES") ?? "1", CultureInfo.InvariantCulture);

    public static int Times(int cases) => cases * Factor;

    /// <returns>Of so many cases one is run by default, and all of them if HISTORIES is that number.</returns>
    public static int OneOf(int cases) => Math.Max(1, cases / Factor);
}
