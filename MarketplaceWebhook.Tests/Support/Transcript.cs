using System.Text;
using System.Text.RegularExpressions;

namespace MarketplaceWebhook.Tests.Support;

/// <summary>Commands with what they print, for a text to approve.</summary>
internal static partial class Transcript
{
    /// <summary>Each command with its output, then the lines of stderr, then the exit code.</summary>
    public static async Task<string> OfAsync(Func<string[], Task<CliResult>> runAsync, params string[] commands)
    {
        var text = new StringBuilder();
        foreach (var command in commands)
        {
            var result = await runAsync(Arguments(command));
            text.Append($"$ marketplace-webhook {command}\n{result.Output}");
            foreach (var line in result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                text.Append($"stderr: {line}\n");
            }

            text.Append($"exit code {result.ExitCode}\n\n");
        }

        return Times().Replace(StorageLines().Replace(text.ToString(), "Storage: ACCOUNT"), "older than TIME UTC");
    }

    public static string[] Arguments(string command) => command.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    [GeneratedRegex("Storage: .*")]
    private static partial Regex StorageLines();

    [GeneratedRegex("older than [0-9: -]+ UTC")]
    private static partial Regex Times();
}
