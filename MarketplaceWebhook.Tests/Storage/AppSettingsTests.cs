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

    private const string Key =
        "DefaultEndpointsProtocol=https;AccountName=shop;AccountKey=AAAA;EndpointSuffix=core.windows.net";
    private const string Sas =
        "QueueEndpoint=https://shop.queue.core.windows.net;BlobEndpoint=https://shop.blob.core.windows.net;"
        + "TableEndpoint=https://shop.table.core.windows.net;SharedAccessSignature=sv=2024-01-01&sig=abc";

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

    [Theory]
    [InlineData(Key, Sas)]
    [InlineData(Sas, "QueueEndpoint=https://shop.queue.core.windows.net/;BlobEndpoint=https://shop.blob.core.windows.net/;"
        + "TableEndpoint=https://shop.table.core.windows.net/;SharedAccessSignature=sv=2024-01-01&sig=other")]
    [InlineData(Key, "DefaultEndpointsProtocol=http;AccountName=shop;AccountKey=AAAA;EndpointSuffix=core.windows.net")]
    [InlineData(Emulator, "AccountName=devstoreaccount1;AccountKey=AAAA;BlobEndpoint=http://localhost:10000/devstoreaccount1;"
        + "QueueEndpoint=http://localhost:10001/devstoreaccount1/;TableEndpoint=http://localhost:10002/devstoreaccount1")]
    public void Same_account_under_another_connection_string_is_no_fallback(string storage, string fallback)
    {
        Assert.Null(Read(("AzureWebJobsStorage", storage), ("FallbackStorage", fallback)).Fallback);
        Assert.Null(Read(("AzureWebJobsStorage", fallback), ("FallbackStorage", storage)).Fallback);
    }

    [Theory]
    [InlineData(Key)]
    [InlineData(Sas)]
    public void Account_name_for_an_identity_and_a_connection_string_of_the_same_account_are_no_fallback(string storage) =>
        Assert.Null(Read(("AzureWebJobsStorage", storage), ("FallbackStorage:accountName", "shop")).Fallback);

    [Fact]
    public void Emulators_on_two_ports_are_two_accounts() =>
        Assert.NotNull(Read(
            ("AzureWebJobsStorage", Emulator),
            ("FallbackStorage", "AccountName=devstoreaccount1;AccountKey=AAAA;"
                + "BlobEndpoint=http://127.0.0.1:20000/devstoreaccount1;QueueEndpoint=http://127.0.0.1:20001/devstoreaccount1;TableEndpoint=http://127.0.0.1:20002/devstoreaccount1"))
            .Fallback);

    [Theory]
    [InlineData("AzureWebJobs.MoveFallback.Disabled", "true")]
    [InlineData("AzureWebJobs.MoveFallback.Disabled", "1")]
    [InlineData("AzureWebJobs_MoveFallback_Disabled", "True")]
    public void Fallback_fails_if_the_function_that_empties_it_is_disabled(string setting, string value)
    {
        var error = Assert.Throws<SettingsException>(
            () => Read(("AzureWebJobsStorage", Emulator), ("FallbackStorage", Other), (setting, value)));

        Assert.Equal(
            $"FallbackStorage is set, but {setting} disables the function that moves notifications from there: remove one of the "
                + "two.",
            error.Message);
    }

    [Theory]
    [InlineData(Emulator, "true")]
    [InlineData(Other, "false")]
    [InlineData(Other, "0")]
    public void Function_that_empties_the_fallback_is_disabled_only_without_a_fallback(string fallback, string disabled) =>
        Read(("AzureWebJobsStorage", Emulator), ("FallbackStorage", fallback),
            ("AzureWebJobs.MoveFallback.Disabled", disabled));

    [Theory]
    [InlineData("FallbackStorage:queueServiceUri", "https://fb.queue.core.windows.net",
        "FallbackStorage:blobServiceUri", "https://fb.blob.core.windows.net")]
    [InlineData("FallbackStorage", "QueueEndpoint=https://fb.queue.core.windows.net;"
        + "BlobEndpoint=https://fb.blob.core.windows.net;SharedAccessSignature=sv=2024-01-01&sig=abc", "x", "")]
    public async Task Fallback_needs_no_tables(string name, string value, string otherName, string otherValue)
    {
        await using var services = new ServiceCollection().AddLogging()
            .AddReceiving(Read(("AzureWebJobsStorage", Emulator), (name, value), (otherName, otherValue)))
            .BuildServiceProvider();

        Assert.Equal("fb", services.GetRequiredService<FallbackStorage>().Clients.Queue.AccountName);
    }

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
