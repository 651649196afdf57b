using System.Text.RegularExpressions;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.Tests.Notifications;

public sealed class KnownStatusTests
{
    private static readonly string Json = $"[{string.Join(", ", KnownStatus.All.Select(status => $"\"{status}\""))}]";

    /// <summary>Document, the place of its list as a regular expression, and the list.</summary>
    public static TheoryData<string, string, string> Lists => new()
    {
        { "docs/http-api.md", "(?<=1 to 64 characters; known are ).+(?= in any case)", Join(", ", status => $"`{status}`") },
        { "docs/operations.md", @"(?<=\| StatusChanges \| `)Status ne .+(?=` \|)", Join(" and ", one => $"Status ne '{one}'") },
        { "docs/openapi.json", "(?<=\"description\": \"Any status but these.+\n *\"examples\": ).+", Json },
        { "docs/change-feed.schema.json", "(?<=\"status\": {\n *\"enum\": ).+", Json },
    };

    /// <summary>With APPROVE=1 in the environment the list is written to the document.</summary>
    [Theory]
    [MemberData(nameof(Lists))]
    public void Document_lists_every_known_status(string document, string place, string list)
    {
        var text = Repository.Read(document);
        var found = Assert.Single(Regex.Matches(text, place));
        if (Environment.GetEnvironmentVariable("APPROVE") == "1")
        {
            File.WriteAllText(
                Repository.PathOf(document), text.Remove(found.Index, found.Length).Insert(found.Index, list));
            return;
        }

        Assert.Equal(list, found.Value);
    }

    [Fact]
    public void Style_sheet_of_the_dashboard_has_the_colours_of_every_known_status()
    {
        var style = Repository.Read("MarketplaceWebhook.Cli/Dashboard/wwwroot/page.css");

        Assert.All(KnownStatus.All, status =>
        {
            // Light and dark.
            Assert.Equal(2, Regex.Count(style, $"^  --{status}: #", RegexOptions.Multiline));
            Assert.Equal(2, Regex.Count(style, $"^  --fill-{status}: #", RegexOptions.Multiline));
            Assert.Contains($".badge.{status} {{ --tone: var(--{status}); }}", style, StringComparison.Ordinal);
        });
    }

    private static string Join(string separator, Func<string, string> text) =>
        string.Join(separator, KnownStatus.All.Select(text));
}
