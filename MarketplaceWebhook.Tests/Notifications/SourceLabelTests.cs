using MarketplaceWebhook.Notifications;

namespace MarketplaceWebhook.Tests.Notifications;

public sealed class SourceLabelTests
{
    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public void Is_default_where_the_url_has_none(string? label) => Assert.Equal("default", SourceLabel.Read(label));

    [Theory]
    [InlineData("a")]
    [InlineData("-")]
    [InlineData("Shop-EU-2")]
    [InlineData("12345678901234567890123456789012")]
    public void Is_kept_as_it_is(string label) => Assert.Equal(label, SourceLabel.Read(label));

    [Theory]
    [InlineData(" ")]
    [InlineData("a b")]
    [InlineData("a_b")]
    [InlineData("a.b")]
    [InlineData("ü")]
    [InlineData("１")]
    [InlineData("a\n")]
    [InlineData("123456789012345678901234567890123")]
    public void Is_refused_otherwise(string label) => Assert.Null(SourceLabel.Read(label));
}
