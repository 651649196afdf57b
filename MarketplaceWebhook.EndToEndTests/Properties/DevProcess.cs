using System.Globalization;
using System.Text.RegularExpressions;
using MarketplaceWebhook.EndToEndTests.Support;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.EndToEndTests.Properties;

/// <summary>`dev` as a user runs it, and every line that it and the application below it write.</summary>
internal sealed partial class DevProcess : IDisposable
{
    private const string UrlLine = "URL for Cyclr";

    private readonly CliProcess _process;

    private DevProcess(CliProcess process) => this._process = process;

    public IReadOnlyList<string> Lines => $"{_process.Output}\n{_process.Error}".Split('\n');

    /// <summary>To post to, with the key; where `dev` got as far as to say it.</summary>
    public Uri Url => new(Lines.First(line => line.StartsWith(UrlLine, StringComparison.Ordinal)).Split("  ", 2)[1].Trim());

    /// <summary>The process id of the application that was started last.</summary>
    public int ApplicationProcessId => int.Parse(
        Lines.Select(line => StartedLine().Match(line)).Last(match => match.Success).Groups[1].Value,
        CultureInfo.InvariantCulture);

    /// <summary>Returns when it listens, or ended.</summary>
    public static async Task<DevProcess> StartAsync(
        string storage, IReadOnlyDictionary<string, string> environment, string[] arguments, CancellationToken cancellationToken)
    {
        var dev = new DevProcess(CliProcess.Start(storage, environment, ["dev", .. arguments]));
        await Wait.ForAsync(
            "dev", () => dev._process.HasExited
                || dev.Lines.Any(line => line.StartsWith(UrlLine, StringComparison.Ordinal)), cancellationToken);
        return dev;
    }

    public Task UntilItSaysAsync(string words, CancellationToken cancellationToken) =>
        Wait.ForAsync(words, () => Lines.Any(line => line.Contains(words, StringComparison.Ordinal)), cancellationToken);

    /// <summary>With all that it still has to say.</summary>
    public async Task StopAsync()
    {
        if (!_process.HasExited)
        {
            _process.Terminate();
        }

        await _process.WaitForExitAsync();
    }

    public void Dispose() => _process.Dispose();

    [GeneratedRegex(@"^The app starts as process (\d+) ")]
    private static partial Regex StartedLine();
}
