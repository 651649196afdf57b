using System.Net;
using MarketplaceWebhook.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace MarketplaceWebhook.Tests.Receiving;

public sealed class ClockTests(AzuriteFixture azurite)
{
    [Theory]
    [InlineData(5, 0)]
    [InlineData(6, 1)]
    public async Task Receiver_warns_when_the_clock_is_more_than_5_s_behind_the_last_id(int secondsBack, int warnings)
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var log = new LogLines();
        await using var app = new TestApp(
            azurite.NewAccount(),
            replace: services => services.AddSingleton<TimeProvider>(time).AddSingleton<ILoggerProvider>(log));
        await app.Storage.CreateMissingAsync(Cancellation);
        using var caller = await AcceptingTests.CallerAsync(app);

        await SendAsync(caller);
        time.AdjustTime(time.GetUtcNow().AddSeconds(-secondsBack));
        await SendAsync(caller);

        Assert.Equal(
            warnings, log.Warnings.Count(line => line.StartsWith("The clock of this instance is 6", StringComparison.Ordinal)));
    }

    private static async Task SendAsync(HttpClient caller)
    {
        using var response = await caller.PostAsync(
            "/api/cyclr/marketplace", AcceptingTests.Content(Bodies.Read("documented", "started")), Cancellation);
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
    }
}
