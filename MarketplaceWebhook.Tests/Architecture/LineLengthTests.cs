using System.Text.RegularExpressions;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.Tests.Architecture;

/// <summary>No analyzer enforces the editorconfig's max_line_length.</summary>
public sealed partial class LineLengthTests
{
    private const int Max = 130;

    [Fact]
    public void Line_of_code_has_at_most_130_characters_unless_it_is_one_literal()
    {
        var files = Directory.EnumerateFiles(Repository.Root, "*.cs", SearchOption.AllDirectories)
            .Where(path => !OutsideOfTheCode().IsMatch(Path.GetRelativePath(Repository.Root, path))).ToList();

        var longer = files.SelectMany(path => File.ReadLines(path)
            .Select((line, index) => (line, $"{Path.GetRelativePath(Repository.Root, path)}:{index + 1}")))
            .Where(line => line.line.Length > Max && !StartsWithALiteral().IsMatch(line.line))
            .Select(line => line.Item2);

        Assert.True(files.Count > 100, "The code was not found.");
        Assert.Empty(longer);
    }

    [GeneratedRegex(@"(^|[\\/])(bin|obj|node_modules|\.[^\\/]*)[\\/]")]
    private static partial Regex OutsideOfTheCode();

    /// <summary>Also JSON in a raw literal.</summary>
    [GeneratedRegex("""^\s*([?:+]|=>|return|\[)*\s*[$@]*["{[]""")]
    private static partial Regex StartsWithALiteral();
}
