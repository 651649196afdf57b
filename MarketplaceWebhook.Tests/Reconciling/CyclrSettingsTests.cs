using MarketplaceWebhook.Reconciling;
using MarketplaceWebhook.Storage;
using Microsoft.Extensions.Configuration;

namespace MarketplaceWebhook.Tests.Reconciling;

public sealed class CyclrSettingsTests
{
    [Theory]
    [InlineData("https://api.cyclr.com")]
    [InlineData("https://api.cyclr.com/")]
    [InlineData("https://cyclr.example/private")]
    [InlineData("http://127.0.0.1:5000")]
    [InlineData("http://localhost:5000")]
    public void Base_url_is_https_or_of_this_machine(string url)
    {
        var settings = Read("an id", "a secret", url);

        Assert.Equal($"{url.TrimEnd('/')}/oauth/token", settings.TokenUrl.OriginalString);
        Assert.Equal($"{url.TrimEnd('/')}/v1.0/cycles?page=1", settings.Url("/cycles?page=1").OriginalString);
    }

    [Theory]
    [InlineData("http://api.cyclr.com")]
    [InlineData("api.cyclr.com")]
    [InlineData("ftp://127.0.0.1")]
    [InlineData("https://api.cyclr.com/v1.0")]
    [InlineData("https://api.cyclr.com/V1.0/")]
    [InlineData("https://s3cret:s3cret@api.cyclr.com")]
    [InlineData("https://api.cyclr.com?key=s3cret")]
    [InlineData("https://api.cyclr.com#s3cret")]
    public void Invalid_base_url_fails_with_one_line_that_does_not_repeat_it(string url)
    {
        var message = Assert.Throws<SettingsException>(() => Read("an id", "a secret", url)).Message;

        Assert.StartsWith("CYCLR_BASE_URL must be", message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    [Theory]
    [InlineData(null, "s3cret", "https://api.cyclr.com", "CYCLR_CLIENT_ID")]
    [InlineData("s3cret", " ", "https://api.cyclr.com", "CYCLR_CLIENT_SECRET")]
    [InlineData("s3cret", "s3cret", "", "CYCLR_BASE_URL")]
    [InlineData(null, null, null, "CYCLR_CLIENT_ID, CYCLR_CLIENT_SECRET, CYCLR_BASE_URL")]
    public void Missing_settings_are_listed_in_one_line(string? id, string? secret, string? url, string missing)
    {
        var message = Assert.Throws<SettingsException>(() => Read(id, secret, url)).Message;

        Assert.StartsWith($"Not set in the environment: {missing}.", message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    internal static CyclrSettings Read(string? id, string? secret, string? url) =>
        CyclrSettings.Read(new ConfigurationBuilder().AddInMemoryCollection(
            new Dictionary<string, string?>
            {
                ["CYCLR_CLIENT_ID"] = id,
                ["CYCLR_CLIENT_SECRET"] = secret,
                ["CYCLR_BASE_URL"] = url,
            }).Build());
}
