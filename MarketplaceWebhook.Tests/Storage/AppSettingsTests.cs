using MarketplaceWebhook.Fallback;
using MarketplaceWebhook.Projecting;
using MarketplaceWebhook.Storage;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace MarketplaceWebhook.Tests.Storage;

public sealed class AppSettingsTests
{
    private const string Emulator = "UseDevelopmentStorage=true";
    private const string Other =
        "DefaultEndpointsProtocol=https;AccountName=other;AccountKey=AAAA;EndpointSuffix=core.windows.net";

    [Fact]
    public void All_settings_are_read()
    {
        var settings = Read(
            ("AzureWebJobsStorage", Emulator), ("FallbackStorage", Other), ("ChangeFeed", "changes"),
            ("TimeLimits:Projecting", "00:01:00"));

        Assert.Equal(Emulator, settings.Storage.ConnectionString);
        Assert.Equal(Other, settings.Fallback?.ConnectionString);
        Assert.Equal(("changes", TimeSpan.FromMinutes(1)), (settings.ChangeFeed, settings.TimeLimits.Projecting));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(Emulator)]
    public void Fallback_is_absent_if_it_is_not_set_or_is_the_same_account(string? fallback) =>
        Assert.Null(Read(("AzureWebJobsStorage", Emulator), ("FallbackStorage", fallback)).Fallback);

    [Fact]
    public void Missing_storage_fails() => Assert.Throws<SettingsException>(() => Read());

    [Fact]
    public async Task Receiving_works_without_projecting()
    {
        await using var services = new ServiceCollection().AddLogging()
            .AddReceiving(Read(("AzureWebJobsStorage", Emulator))).BuildServiceProvider();

        Assert.NotNull(services.GetRequiredService<NotificationSender>());
        Assert.NotNull(services.GetRequiredService<StorageHealth>());
        Assert.NotNull(services.GetRequiredService<DeadLetterTable>());
    }

    [Fact]
    public async Task Projecting_works_without_receiving()
    {
        await using var services = new ServiceCollection().AddLogging()
            .AddProjecting(Read(("AzureWebJobsStorage", Emulator))).BuildServiceProvider();

        Assert.NotNull(services.GetRequiredService<DeadLetterRecorder>());
        Assert.NotNull(services.GetRequiredService<FallbackMover>());
    }

    private static AppSettings Read(params (string Name, string? Value)[] settings) => AppSettings.Read(
        new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Name, setting.Value)))
            .Build());
}
