using MarketplaceWebhook.Notifications;

namespace MarketplaceWebhook.Tests.Notifications;

public sealed class SourceLabelTests
{
    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public void Source_is_default_without_a_label(string? label) => Assert.Equal("default", SourceLabel.Read(label));

    [Theory]
    [InlineData("a")]
    [InlineData("-")]
    [InlineData("Shop-EU-2")]
    [InlineData("12345678901234567890123456789012")]
    public void Valid_label_is_kept_unchanged(string label) => Assert.Equal(label, SourceLabel.Read(label));

    [Theory]
    [InlineData(" ")]
    [InlineData("a b")]
    [InlineData("a_b")]
    [InlineData("a.b")]
    [InlineData("ü")]
    [InlineData("１")]
    [InlineData("a\n")]
    [InlineData("123456789012345678901234567890123")]
    public void Invalid_label_is_rejected(string label) => Assert.Null(SourceLabel.Read(label));
}
