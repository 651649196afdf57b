using MarketplaceWebhook.Storage;
using Microsoft.Extensions.Configuration;

namespace MarketplaceWebhook.Tests.Storage;

public sealed class ChangeFeedSettingTests
{
    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(" ")]
    public void Setting_without_a_value_is_off(string? value) => Assert.Null(Read(value));

    [Theory]
    [InlineData("abc")]
    [InlineData("1-2")]
    [InlineData("partner-changes")]
    [InlineData("marketplace-changes")]
    [InlineData("a23456789-123456789-123456789-123456789-123456789-123456789-123")]
    public void Queue_name_is_accepted(string value) => Assert.Equal(value, Read(value));

    [Theory]
    [InlineData("ab")]
    [InlineData("Changes")]
    [InlineData("changes_1")]
    [InlineData("-changes")]
    [InlineData("changes-")]
    [InlineData("partner--changes")]
    [InlineData(" changes")]
    [InlineData("chänges")]
    [InlineData("a23456789-123456789-123456789-123456789-123456789-123456789-1234")]
    [InlineData("marketplace-notifications")]
    [InlineData("marketplace-notifications-poison")]
    [InlineData("marketplace-fallback")]
    [InlineData("marketplace-fallback-poison")]
    public void Invalid_name_and_own_queue_fail_with_a_one_line_message(string value)
    {
        var message = Assert.Throws<SettingsException>(() => Read(value)).Message;

        Assert.StartsWith("ChangeFeed is ", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
        Assert.DoesNotContain(value, message, StringComparison.Ordinal);
    }

    private static string? Read(string? value) => ChangeFeedSetting.Read(
        new ConfigurationBuilder().AddInMemoryCollection([KeyValuePair.Create(ChangeFeedSetting.Name, value)]).Build());
}
