using System.Text.RegularExpressions;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.Tests.Architecture;

/// <summary>The scripts of a package that was taken over would run on the machines of developers and of CI.</summary>
public sealed partial class NpmTests
{
    [Fact]
    public void Packages_of_this_repository_are_installed_without_running_their_scripts()
    {
        var installations = Directory.EnumerateFiles(
                Repository.Root, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })
            .Where(path => Text().IsMatch(path) && !NotOurs().IsMatch(Path.GetRelativePath(Repository.Root, path)))
            .SelectMany(path => File.ReadLines(path)
                .Where(line => Installation().IsMatch(line))
                .Select(line => $"{Path.GetRelativePath(Repository.Root, path)}: {line.Trim()}"))
            .ToList();

        Assert.Contains(installations, line => line.Contains("NpmPackages.cs", StringComparison.Ordinal));
        Assert.Contains(installations, line => line.Contains("ci.yml", StringComparison.Ordinal));
        Assert.All(installations, line => Assert.Contains("--ignore-scripts", line, StringComparison.Ordinal));
    }

    [GeneratedRegex(@"\.(cs|json|md|sh|yml|yaml)$|[\\/]\.ci[\\/]run$|[\\/]eng[\\/]")]
    private static partial Regex Text();

    [GeneratedRegex(@"(^|[\\/])(bin|obj|node_modules|\.git|\.azurite|TestResults)[\\/]")]
    private static partial Regex NotOurs();

    /// <summary>In a shell, or as the arguments of a process.</summary>
    [GeneratedRegex("""\bnpm ci( |"|$)|"ci", ?"--[a-z]""")]
    private static partial Regex Installation();
}
