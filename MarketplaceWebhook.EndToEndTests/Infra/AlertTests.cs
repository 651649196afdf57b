namespace MarketplaceWebhook.EndToEndTests.Infra;

/// <summary>The alerts that are on in a deployment, and when they resolve.</summary>
public sealed class AlertTests
{
    [Fact]
    public async Task Alert_that_does_not_apply_is_disabled()
    {
        foreach (var deployment in await Deployment.AllAsync())
        {
            var values = deployment.Values;
            var off = deployment.Of("Microsoft.Insights/scheduledQueryRules")
                .Concat(deployment.Of("Microsoft.Insights/metricAlerts"))
                .Concat(deployment.Of("Microsoft.Insights/webtests"))
                .Where(rule => !(bool)(rule["properties"]!["enabled"] ?? rule["properties"]!["Enabled"])!)
                .Select(rule => (string)rule["name"]!);

            string[] expected =
            [
                .. values.HasChangeFeed ? (string[])[] : ["change-feed"],
                .. values.HasFallback ? (string[])[] : ["fallback-failing", "fallback-pending", "fallback-used"],
                .. values.HasTest && !values.IsRestricted ? (string[])[] : ["health", "unavailable"],
            ];
            Assert.Equal(expected.Order(StringComparer.Ordinal), off.Order(StringComparer.Ordinal));
        }
    }

    /// <summary>
    /// Such an alert resolves when its rows leave the time that its query reads: 2 days at most, see overrideQueryTimeRange in
    /// https://learn.microsoft.com/azure/templates/microsoft.insights/scheduledqueryrules.
    /// </summary>
    [Theory]
    [InlineData("stuck")]
    [InlineData("change-feed")]
    public async Task Alert_on_what_waits_reads_two_days(string name)
    {
        var rule = Assert.Single(
            (await Deployment.AllAsync())[0].Of("Microsoft.Insights/scheduledQueryRules"),
            rule => (string)rule["name"]! == name)["properties"]!;

        Assert.True((bool)rule["autoMitigate"]!);
        Assert.Equal("P2D", (string)rule["overrideQueryTimeRange"]!);
    }
}
