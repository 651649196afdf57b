using System.Globalization;
using System.Text.RegularExpressions;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.Tests.Properties;

/// <summary>`dev` as a user runs it, and every line that it and the application below it write.</summary>
internal sealed partial class DevProcess : IDisposable
{
    private const string UrlLine = "URL for Cyclr";

    private readonly CliProcess process;

    private DevProcess(CliProcess process) => this.process = process;

    public IReadOnlyList<string> Lines => $"{process.Output}\n{process.Error}".Split('\n');

    /// <summary>To post to, with the key; where `dev` got as far as to say it.</summary>
    public Uri Url => new(Lines.First(line => line.StartsWith(UrlLine, StringComparison.Ordinal)).Split("  ", 2)[1].Trim());

    /// <summary>The process id of the application that was started last.</summary>
    public int ApplicationProcessId => int.Parse(
        Lines.Select(line => StartedLine().Match(line)).Last(match => match.Success).Groups[1].Value, CultureInfo.InvariantCulture);

    /// <summary>Returns when it listens, or ended.</summary>
    public static async Task<DevProcess> StartAsync(
        string storage, IReadOnlyDictionary<string, string> environment, string[] arguments, CancellationToken cancellationToken)
    {
        var dev = new DevProcess(CliProcess.Start(storage, environment, ["dev", .. arguments]));
        await Wait.ForAsync(
            "dev", () => dev.process.HasExited || dev.Lines.Any(line => line.StartsWith(UrlLine, StringComparison.Ordinal)), cancellationToken);
        return dev;
    }

    public Task UntilItSaysAsync(string words, CancellationToken cancellationToken) =>
        Wait.ForAsync(words, () => Lines.Any(line => line.Contains(words, StringComparison.Ordinal)), cancellationToken);

    /// <summary>With all that it still has to say.</summary>
    public async Task StopAsync()
    {
        if (!process.HasExited) process.Terminate();
        await process.WaitForExitAsync();
    }

    public void Dispose() => process.Dispose();

    [GeneratedRegex(@"^The app starts as process (\d+) ")]
    private static partial Regex StartedLine();
}
