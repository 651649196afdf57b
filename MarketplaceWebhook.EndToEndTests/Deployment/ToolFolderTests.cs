using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.EndToEndTests.Deployment;

/// <summary>The tool's own build: these tests are built with copies of the same files, and would not miss them there.</summary>
public sealed class ToolFolderTests
{
    [Theory]
    [InlineData("azurite/azurite-lifeline.cjs")]
    [InlineData("azurite/package.json")]
    [InlineData("azurite/package-lock.json")]
    [InlineData("app/worker.config.json")]
    public void Tool_is_built_with_the_files_that_dev_starts(string file)
    {
        var tests = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        var (framework, configuration) = (tests.Name, tests.Parent!.Name);

        Assert.True(File.Exists(Repository.PathOf($"MarketplaceWebhook.Cli/bin/{configuration}/{framework}/{file}")));
    }
}
