using Microsoft.Extensions.Configuration;

namespace MarketplaceWebhook.Tests;

public sealed class PatienceTests
{
    [Fact]
    public void Answers_within_10_s_and_projects_for_5_minutes_where_nothing_is_set()
    {
        var patience = new Patience();

        Assert.InRange(patience.Receiving, TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(9.9));
        Assert.Equal(TimeSpan.FromMinutes(5), patience.Projecting);
    }

    [Fact]
    public void Takes_what_is_set()
    {
        var patience = Read("Receiving", "00:00:10");

        Assert.Equal((TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(5)), (patience.Receiving, patience.Projecting));
    }

    [Theory]
    [InlineData("Receiving", "")]
    [InlineData("Receiving", "soon")]
    [InlineData("Receiving", "00:00:00")]
    [InlineData("Receiving", "-00:00:01")]
    [InlineData("Receiving", "00:00:11")]
    [InlineData("Projecting", "5 minutes")]
    [InlineData("Projecting", "00:08:01")]
    public void Names_in_one_line_what_is_no_time_or_breaks_a_contract(string name, string value)
    {
        var message = Assert.Throws<SettingsException>(() => Read(name, value)).Message;

        Assert.StartsWith($"Patience__{name} must be a time", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    private static Patience Read(string name, string value) => Patience.Read(
        new ConfigurationBuilder().AddInMemoryCollection([KeyValuePair.Create<string, string?>($"Patience:{name}", value)]).Build());
}
