using System.Text.RegularExpressions;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.EndToEndTests.Infra;

/// <summary>What docs/first-deployment.md says that a deployment without any value shows.</summary>
public sealed partial class FirstDeploymentTests
{
    private static readonly string Document = Repository.Read("docs/first-deployment.md");

    [Fact]
    public async Task Settings_are_those_of_the_template() =>
        Assert.Equal(
            Bicep.SettingsOf((await Deployment.AllAsync())[0]).Keys.Order(StringComparer.Ordinal),
            TextBlock().Match(Document).Groups["lines"].Value.Split('\n', StringSplitOptions.RemoveEmptyEntries));

    [Fact]
    public void Functions_are_those_of_the_app() =>
        Assert.Equal(
            Names.Functions.Keys.Order(StringComparer.Ordinal),
            FunctionNames().Match(Document).Groups["names"].Value.Split([", ", " and "], StringSplitOptions.None)
                .Order(StringComparer.Ordinal));

    [GeneratedRegex("```text\n(?<lines>.*?)```", RegexOptions.Singleline)]
    private static partial Regex TextBlock();

    [GeneratedRegex(@"Expected: (?<names>Health[^;]+);")]
    private static partial Regex FunctionNames();
}
