using MarketplaceWebhook.LocalHost.Queues;
using MarketplaceWebhook.Storage;
using Microsoft.Extensions.Configuration;

namespace MarketplaceWebhook.EndToEndTests.LocalHost;

/// <summary>The connection of a queue trigger, as the WebJobs extension of the Functions host reads it.</summary>
public sealed class QueueConnectionTests
{
    private const string Name = "MarketplaceChanges";

    private const string QueuesOnly =
        "QueueEndpoint=https://partner.queue.core.windows.net/;SharedAccessSignature=sv=2024-11-04&sig=x";

    [Theory]
    [InlineData("MarketplaceChanges", "UseDevelopmentStorage=true", "http://127.0.0.1:10001/devstoreaccount1")]
    [InlineData("MarketplaceChanges", QueuesOnly, "https://partner.queue.core.windows.net/?sv=2024-11-04&sig=x")]
    [InlineData("AzureWebJobsMarketplaceChanges", "UseDevelopmentStorage=true", "http://127.0.0.1:10001/devstoreaccount1")]
    [InlineData("ConnectionStrings:MarketplaceChanges", "UseDevelopmentStorage=true", "http://127.0.0.1:10001/devstoreaccount1")]
    [InlineData("MarketplaceChanges:accountName", "partner", "https://partner.queue.core.windows.net/")]
    [InlineData("MarketplaceChanges:queueServiceUri", "https://queues.example.com", "https://queues.example.com/")]
    public void Queues_alone_are_enough(string setting, string value, string uri) =>
        Assert.Equal(uri, QueueConnection.Open(Settings((setting, value)), Name)?.Uri.AbsoluteUri);

    [Fact]
    public void Setting_with_the_prefix_of_the_host_is_read_first() => Assert.Equal(
        "https://first.queue.core.windows.net/",
        QueueConnection.Open(
            Settings(("MarketplaceChanges:accountName", "second"), ("AzureWebJobsMarketplaceChanges:accountName", "first")),
            Name)?.Uri.AbsoluteUri);

    [Theory]
    [InlineData("MarketplaceChanges", "")]
    [InlineData("MarketplaceChanges:tableServiceUri", "https://tables.example.com")]
    [InlineData("Other", "UseDevelopmentStorage=true")]
    public void Missing_connection_is_null(string setting, string value) =>
        Assert.Null(QueueConnection.Open(Settings((setting, value)), Name));

    [Theory]
    [InlineData("MarketplaceChanges", "secret", "MarketplaceChanges is not a valid storage connection string. ")]
    [InlineData("MarketplaceChanges:queueServiceUri", "http://x", "queueServiceUri is not an absolute https URI.")]
    [InlineData("MarketplaceChanges:accountName", "A_B", "A storage account name is 3 to 24 lower-case letters and digits.")]
    public void Malformed_connection_fails_with_one_line(string setting, string value, string line)
    {
        var error = Assert.Throws<SettingsException>(() => QueueConnection.Open(Settings((setting, value)), Name));

        Assert.Contains(line, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error.Message, StringComparison.Ordinal);
    }

    private static IConfiguration Settings(params (string Name, string Value)[] settings) => new ConfigurationBuilder()
        .AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Name, (string?)setting.Value))).Build();
}
