using MarketplaceWebhook.LocalHost.App;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace MarketplaceWebhook.EndToEndTests.LocalHost;

public sealed class LogLevelSettingsTests
{
    [Theory]
    [InlineData("Azure.Core", LogLevel.Warning, true)]
    [InlineData("Azure.Core", LogLevel.Information, false)]
    [InlineData("azure.core.Pipeline", LogLevel.Information, false)]
    [InlineData("Azure.Core.Detail", LogLevel.Debug, true)]
    [InlineData("Azure.CoreX", LogLevel.Information, true)]
    [InlineData("Azure", LogLevel.Debug, false)]
    [InlineData("", LogLevel.Information, true)]
    public void Level_is_that_of_the_longest_name_or_Information(string category, LogLevel level, bool isPrinted)
    {
        var settings = Read(("Azure.Core", "Warning"), ("Azure.Core.Detail", "Debug"));

        Assert.Equal(isPrinted, settings.IsPrinted(category, level));
    }

    [Fact]
    public void Default_is_the_level_of_all_other_categories()
    {
        var settings = Read(("Default", "Trace"), ("Azure.Core", "None"));

        Assert.True(settings.IsPrinted("Another", LogLevel.Trace));
        Assert.False(settings.IsPrinted("Azure.Core", LogLevel.Critical));
    }

    [Theory]
    [InlineData("Azure.Core", "Warning", true)]
    [InlineData("Azure.Core", "Error", false)]
    [InlineData("Azure", "Information", true)]
    [InlineData("default", "Information", true)]
    [InlineData("Microsoft.AspNetCore.Hosting.Diagnostics", "Warning", false)]
    public void Host_prints_a_warning_of_Azure_Core_only_with_a_level_for_it(string category, string level, bool isPrinted) =>
        Assert.Equal(isPrinted, Read((category, level)).IsPrintedByHost("Azure.Core", LogLevel.Warning));

    private static LogLevelSettings Read(params (string Category, string Level)[] levels) => LogLevelSettings.Read(
        new ConfigurationBuilder().AddInMemoryCollection(levels.ToDictionary(pair => pair.Category, pair => (string?)pair.Level))
            .Build());
}
