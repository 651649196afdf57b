using MarketplaceWebhook.LocalHost.Storage;

namespace MarketplaceWebhook.Tests.Support;

/// <summary>
/// Compares texts that users see with the approved ones in Approved/NAME.approved.txt, so that a change of wording is visible in
/// a diff. With APPROVE=1 in the environment the actual text is written to the file instead.
/// </summary>
internal static class Approved
{
    private const string Folder = "MarketplaceWebhook.Tests/Approved";

    public static void AssertIs(string name, string actual)
    {
        var path = Path.Combine(RepositoryRoot.Find()!, Folder, $"{name}.approved.txt");
        var lines = Lines(actual);
        if (Environment.GetEnvironmentVariable("APPROVE") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, string.Join('\n', lines) + "\n");
            return;
        }

        var approved = File.Exists(path) ? Lines(File.ReadAllText(path)) : [];
        if (!approved.SequenceEqual(lines))
        {
            Assert.Fail(
                $"{Folder}/{name}.approved.txt differs (- approved, + actual):\n{Difference(approved, lines)}\n"
                + "If the change is intended, run the test again with APPROVE=1 in the environment and commit the file.");
        }
    }

    private static string[] Lines(string text) =>
        [.. text.ReplaceLineEndings("\n").TrimEnd('\n').Split('\n').Select(line => line.TrimEnd())];

    /// <summary>The lines between the common beginning and the common end.</summary>
    private static string Difference(string[] approved, string[] actual)
    {
        var first = approved.Zip(actual).TakeWhile(pair => pair.First == pair.Second).Count();
        var last = approved[first..].Reverse()
            .Zip(actual[first..].Reverse()).TakeWhile(pair => pair.First == pair.Second).Count();
        return string.Join('\n', [
            $"line {first + 1}:",
            .. approved[first..^last].Select(line => $"- {line}"),
            .. actual[first..^last].Select(line => $"+ {line}"),
        ]);
    }
}
