using Azure.Identity;
using MarketplaceWebhook.Storage;
using Microsoft.Extensions.Configuration;

namespace MarketplaceWebhook.Tests.Storage;

public sealed class StorageSettingsTests
{
    private const string Key = "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0";

    private static readonly string[] UriSettings = ["queueServiceUri", "tableServiceUri", "blobServiceUri"];

    [Theory]
    [InlineData("UseDevelopmentStorage=true", "http://127.0.0.1:10001/devstoreaccount1/marketplace-notifications")]
    [InlineData(
        $"DefaultEndpointsProtocol=https;AccountName=shop;AccountKey={Key};EndpointSuffix=core.windows.net",
        "https://shop.queue.core.windows.net/marketplace-notifications")]
    [InlineData(
        $"AccountName=shop;AccountKey={Key};BlobEndpoint=http://127.0.0.1:1/shop;QueueEndpoint=http://127.0.0.1:2/shop;TableEndpoint=http://127.0.0.1:3/shop",
        "http://127.0.0.1:2/shop/marketplace-notifications")]
    [InlineData(
        "BlobEndpoint=https://shop.blob.core.windows.net;QueueEndpoint=https://shop.queue.core.windows.net;TableEndpoint=https://shop.table.core.windows.net;SharedAccessSignature=sv=2024-01-01&sig=abc",
        "https://shop.queue.core.windows.net/marketplace-notifications")]
    public void Connection_string_is_used_unchanged(string connectionString, string queue)
    {
        var settings = Read(("AzureWebJobsStorage", connectionString));

        Assert.Equal(connectionString, settings.ConnectionString);
        Assert.Null(settings.Credential);
        Assert.StartsWith(queue, new StorageClients(settings).Queue.Uri.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("UseDevelopmentStorage=true")]
    [InlineData("UseDevelopmentStorage=true;DevelopmentStorageProxyUri=http://azurite")]
    [InlineData($"AccountName=shop;AccountKey={Key};BlobEndpoint=http://localhost:1/shop;QueueEndpoint=http://127.0.0.2:2/shop;TableEndpoint=http://[::1]:3/shop")]
    [InlineData($"AccountName=devstoreaccount1;AccountKey={Key};BlobEndpoint=http://azurite:1/devstoreaccount1;QueueEndpoint=http://azurite:2/devstoreaccount1;TableEndpoint=http://azurite:3/devstoreaccount1/")]
    public void Emulator_is_not_a_remote_service(string connectionString) =>
        Assert.Null(Read(("AzureWebJobsStorage", connectionString)).RemoteService);

    [Theory]
    [InlineData($"AccountName=devstoreaccount1;AccountKey={Key}", "https://devstoreaccount1.queue.core.windows.net")]
    [InlineData($"AccountName=shop;AccountKey={Key};BlobEndpoint=http://127.0.0.1:1/shop;QueueEndpoint=http://127.0.0.1:2/shop;TableEndpoint=http://10.0.0.4:3/shop", "http://10.0.0.4:3/shop")]
    [InlineData($"AccountName=shop;AccountKey={Key};BlobEndpoint=http://azurite:1/shop;QueueEndpoint=http://127.0.0.1:2/shop;TableEndpoint=http://127.0.0.1:3/shop", "http://azurite:1/shop")]
    public void Service_that_is_not_on_this_machine_is_found(string connectionString, string service) =>
        Assert.Equal(new Uri(service), Read(("AzureWebJobsStorage", connectionString)).RemoteService);

    [Fact]
    public void Connection_string_takes_precedence_over_an_identity() =>
        Assert.NotNull(
            Read(("AzureWebJobsStorage", "UseDevelopmentStorage=true"),
                ("AzureWebJobsStorage:accountName", "shop")).ConnectionString);

    [Fact]
    public void Account_name_gives_the_three_services_of_the_public_cloud()
    {
        var settings = Read(("AzureWebJobsStorage:accountName", "shop"));

        Assert.Null(settings.ConnectionString);
        Assert.Equal(new Uri("https://shop.queue.core.windows.net"), settings.QueueServiceUri);
        Assert.Equal(new Uri("https://shop.table.core.windows.net"), settings.TableServiceUri);
        Assert.Equal(new Uri("https://shop.blob.core.windows.net"), settings.BlobServiceUri);
        Assert.IsType<DefaultAzureCredential>(settings.Credential);
        AssertNamesAreThere(new StorageClients(settings));
    }

    [Fact]
    public void Three_uris_give_the_three_services()
    {
        var settings = Read(
            ("AzureWebJobsStorage:queueServiceUri", "https://q.example.com/"),
            ("AzureWebJobsStorage:tableServiceUri", "https://t.example.com/"),
            ("AzureWebJobsStorage:blobServiceUri", "https://b.example.com/"));

        Assert.Equal(new Uri("https://q.example.com"), settings.QueueServiceUri);
        Assert.Equal(new Uri("https://t.example.com"), settings.TableServiceUri);
        Assert.Equal(new Uri("https://b.example.com"), settings.BlobServiceUri);
        AssertNamesAreThere(new StorageClients(settings));
    }

    [Fact]
    public void Uri_takes_precedence_over_the_account_name_for_its_service()
    {
        var settings = Read(
            ("AzureWebJobsStorage:accountName", "shop"),
            ("AzureWebJobsStorage:tableServiceUri", "https://shop.table.core.usgovcloudapi.net"));

        Assert.Equal(new Uri("https://shop.table.core.usgovcloudapi.net"), settings.TableServiceUri);
        Assert.Equal(new Uri("https://shop.blob.core.windows.net"), settings.BlobServiceUri);
    }

    [Theory]
    [InlineData("managedidentity", null)]
    [InlineData("ManagedIdentity", null)]
    [InlineData("managedidentity", "11111111-2222-3333-4444-555555555555")]
    public void Credential_can_be_a_managed_identity(string credential, string? clientId) =>
        Assert.IsType<ManagedIdentityCredential>(Read(
            ("AzureWebJobsStorage:accountName", "shop"),
            ("AzureWebJobsStorage:credential", credential),
            ("AzureWebJobsStorage:clientId", clientId)).Credential);

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("   ")]
    public void Missing_setting_is_reported_in_one_line(string? value) =>
        AssertOneLine("AzureWebJobsStorage is not set", ("AzureWebJobsStorage", value));

    [Theory]
    [InlineData("s3cret")]
    [InlineData("UseDevelopmentStorage=s3cret")]
    [InlineData("AccountName=shop")]
    [InlineData("AccountName=shop;AccountKey=s3cret!;EndpointSuffix=core.windows.net")]
    [InlineData("DefaultEndpointsProtocol=https;AccountName=shop;AccountKey=;EndpointSuffix=core.windows.net")]
    [InlineData("DefaultEndpointsProtocol=s3cret;AccountName=shop;AccountKey=c2VjcmV0;EndpointSuffix=core.windows.net")]
    [InlineData("AccountName=shop;AccountName=s3cret;AccountKey=c2VjcmV0")]
    [InlineData("QueueEndpoint=s3cret;TableEndpoint=s3cret;BlobEndpoint=s3cret;SharedAccessSignature=s3cret")]
    [InlineData("QueueEndpoint=https://shop.queue.core.windows.net;SharedAccessSignature=s3cret")]
    public void Malformed_connection_string_is_reported_in_one_line_without_its_value(string connectionString) =>
        AssertOneLine("AzureWebJobsStorage is not a valid storage connection string", ("AzureWebJobsStorage", connectionString));

    [Theory]
    [InlineData("AzureWebJobsStorage__accountName", "Shop")]
    [InlineData("AzureWebJobsStorage__accountName", "my.shop/x")]
    [InlineData("AzureWebJobsStorage__queueServiceUri", "shop")]
    [InlineData("AzureWebJobsStorage__tableServiceUri", "/shop")]
    [InlineData("AzureWebJobsStorage__blobServiceUri", "ftp://shop")]
    [InlineData("AzureWebJobsStorage__blobServiceUri", "http://shop.blob.core.windows.net")]
    [InlineData("AzureWebJobsStorage__credential", "password")]
    public void Malformed_identity_setting_is_reported_in_one_line(string setting, string value) =>
        AssertOneLine(
            setting,
            [.. new Dictionary<string, string?>
            {
                ["AzureWebJobsStorage:accountName"] = "shop",
                [setting.Replace("__", ":", StringComparison.Ordinal)] = value,
            }.Select(s => (s.Key, s.Value))]);

    [Theory]
    [InlineData("queueServiceUri")]
    [InlineData("tableServiceUri")]
    [InlineData("blobServiceUri")]
    public void Missing_uri_is_reported_in_one_line(string missing) =>
        AssertOneLine(
            $"AzureWebJobsStorage__{missing} is not set",
            [.. UriSettings.Where(name => name != missing)
                .Select(name => ($"AzureWebJobsStorage:{name}", (string?)"https://shop.example.com"))]);

    private static void AssertOneLine(string beginning, params (string Name, string? Value)[] settings)
    {
        var message = Assert.Throws<SettingsException>(() => new StorageClients(Read(settings))).Message;

        Assert.StartsWith(beginning, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
        Assert.DoesNotContain("s3cret", message, StringComparison.Ordinal);
    }

    private static void AssertNamesAreThere(StorageClients clients)
    {
        Assert.Equal(
            ["marketplace-notifications", "marketplace-notifications-poison"], [clients.Queue.Name, clients.PoisonQueue.Name]);
        Assert.Equal(
            ["Installs", "StatusChanges", "DeadLetters", "Accounts", "Reconciliations"],
            [
                clients.Installs.Name, clients.StatusChanges.Name, clients.DeadLetters.Name, clients.Accounts.Name,
                clients.Reconciliations.Name,
            ]);
        Assert.Equal("marketplace-payloads", clients.Payloads.Name);
    }

    private static StorageSettings Read(params (string Name, string? Value)[] settings) => StorageSettings.Read(
        new ConfigurationBuilder().AddInMemoryCollection(settings.Select(s => KeyValuePair.Create(s.Name, s.Value))).Build());
}
