using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.EndToEndTests.Infra;

/// <summary>The functions that a deployment enables, and what they need.</summary>
public sealed class FunctionTests
{
    [Fact]
    public async Task Every_queue_that_an_enabled_function_reads_is_created_by_the_template()
    {
        foreach (var deployment in await Deployment.AllAsync())
        {
            var settings = Bicep.SettingsOf(deployment);
            var queues = deployment.Of("Microsoft.Storage/storageAccounts/queueServices/queues")
                .Select(queue => ((string)queue["name"]!).Replace("/default/", "/", StringComparison.Ordinal)).ToHashSet();

            var read = Names.Functions
                .Where(function => settings.GetValueOrDefault($"AzureWebJobs.{function.Key}.Disabled") != "true")
                .Select(function => function.Value["bindings"]![0]!)
                .Where(trigger => (string)trigger["type"]! == "queueTrigger")
                .Select(trigger => $"{settings[$"{trigger["connection"]}__accountName"]}/{trigger["queueName"]}");

            Assert.All(read, queue => Assert.True(queues.Contains(queue), $"{deployment}: {queue}"));
        }
    }

    [Theory]
    [InlineData("MoveFallback")]
    [InlineData("RetryFallback")]
    public async Task Functions_of_the_fallback_are_disabled_unless_there_is_one(string function) =>
        Assert.All(await Deployment.AllAsync(), deployment => Assert.Equal(
            deployment.Values.HasFallback ? "false" : "true",
            Bicep.SettingsOf(deployment)[$"AzureWebJobs.{function}.Disabled"]));

    [Fact]
    public async Task Projection_is_paused_by_its_parameter() =>
        Assert.All(await Deployment.AllAsync(), deployment => Assert.Equal(
            deployment.Values.IsPaused ? "true" : "false",
            Bicep.SettingsOf(deployment)["AzureWebJobs.ProjectNotification.Disabled"]));
}
