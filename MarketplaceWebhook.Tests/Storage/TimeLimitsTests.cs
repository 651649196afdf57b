using MarketplaceWebhook.Storage;
using Microsoft.Extensions.Configuration;

namespace MarketplaceWebhook.Tests.Storage;

public sealed class TimeLimitsTests
{
    [Fact]
    public void Defaults_respond_within_10_s_and_project_for_5_minutes()
    {
        var limits = new TimeLimits();

        Assert.InRange(limits.Receiving, TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(9.9));
        Assert.Equal(TimeSpan.FromMinutes(5), limits.Projecting);
    }

    [Fact]
    public void Setting_replaces_its_default()
    {
        var limits = Read("TimeLimits:Receiving", "00:00:10");

        Assert.Equal((TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(5)), (limits.Receiving, limits.Projecting));
    }

    [Theory]
    [InlineData("TimeLimits:Receiving", "")]
    [InlineData("TimeLimits:Receiving", "soon")]
    [InlineData("TimeLimits:Receiving", "00:00:00")]
    [InlineData("TimeLimits:Receiving", "-00:00:01")]
    [InlineData("TimeLimits:Receiving", "00:00:11")]
    [InlineData("TimeLimits:Projecting", "5 minutes")]
    [InlineData("TimeLimits:Projecting", "00:08:01")]
    [InlineData("TimeLimits:Maintenance", "00:05:01")]
    public void Invalid_setting_fails_with_a_one_line_message(string name, string value)
    {
        var message = Assert.Throws<SettingsException>(() => Read(name, value)).Message;

        Assert.StartsWith(
            $"{name.Replace(":", "__", StringComparison.Ordinal)} must be a time", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    private static TimeLimits Read(string name, string value) =>
        TimeLimits.Read(
            new ConfigurationBuilder().AddInMemoryCollection([KeyValuePair.Create<string, string?>(name, value)]).Build());
}
