using System.Diagnostics;
using System.Globalization;
using static Microsoft.Playwright.Assertions;

namespace MarketplaceWebhook.EndToEndTests.Dashboard;

/// <summary>Measures the response times in docs/dashboard.md.</summary>
[Collection(nameof(Chromium))]
public sealed class DashboardMeasurements(RunningDashboard running) : IClassFixture<RunningDashboard>
{
    private const int Rounds = 11;

    [Fact(Explicit = true)]
    public async Task Measure_response_times()
    {
        var loads = new List<double>();
        for (var round = 0; round < Rounds; round++)
        {
            var started = Stopwatch.GetTimestamp();
            await using var tab = await running.OpenAsync();
            await Expect(tab.Page.Locator("#chip-live")).ToHaveTextAsync("Live");
            await Expect(tab.Page.Locator("#counts-text")).Not.ToBeEmptyAsync();
            loads.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        }

        Report("Page opened, connected and filled", loads);

        await using var sender = await running.OpenAsync();
        var latencies = new List<double>();
        for (var round = 0; round < Rounds; round++)
        {
            await sender.SendAsync("started", Guid.NewGuid());
            var milliseconds = sender.Page.Locator("#response-row[data-milliseconds]");
            await Expect(milliseconds).ToBeVisibleAsync();
            latencies.Add(
                double.Parse((await milliseconds.GetAttributeAsync("data-milliseconds"))!, CultureInfo.InvariantCulture));
            await sender.Page.EvaluateAsync("() => document.getElementById('response-text').replaceChildren()");
        }

        Report("From the click on Send to the row on the page, one after the other", latencies);
    }

    private static void Report(string what, List<double> milliseconds)
    {
        milliseconds.Sort();
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{what}: median {milliseconds[milliseconds.Count / 2]:0} ms, from {milliseconds[0]:0} to {milliseconds[^1]:0} ms");
    }
}
