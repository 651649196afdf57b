using Azure.Identity;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support.Faults;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace MarketplaceWebhook.Tests.Storage;

public sealed class StorageTokenTests
{
    [Theory]
    [InlineData(503)]
    [InlineData(400)]
    [InlineData(403)]
    public async Task Projection_is_retried_after_the_identity_endpoint_failed(int status)
    {
        await using var endpoint = await IdentityEndpoint.StartAsync(status, Cancellation);
        var clients = ClientsOfManagedIdentity();
        var retry = new StorageRetry(new TimeLimits(), TimeProvider.System, NullLogger<StorageRetry>.Instance);
        Exception? failure = null;

        var result = await retry.RunAsync("id", AttemptAsync, Cancellation);

        Assert.Equal("second attempt", result);
        Assert.IsType<AuthenticationFailedException>(failure, exactMatch: false);
        Assert.True(endpoint.Requests > 0);

        async Task<string> AttemptAsync(CancellationToken token)
        {
            if (failure is not null)
            {
                return "second attempt";
            }

            try
            {
                await clients.Queue.GetPropertiesAsync(token);
                return "no failure";
            }
            catch (Exception e)
            {
                failure = e;
                throw;
            }
        }
    }

    /// <summary>The credential fails before any request to the storage account, which does not exist.</summary>
    private static StorageClients ClientsOfManagedIdentity() => new(StorageSettings.Read(new ConfigurationBuilder()
        .AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["AzureWebJobsStorage:accountName"] = "nosuchaccount",
            ["AzureWebJobsStorage:credential"] = "managedidentity",
        })
        .Build()));
}
