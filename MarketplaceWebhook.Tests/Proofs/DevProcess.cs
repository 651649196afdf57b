using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace MarketplaceWebhook.Tests.Proofs;

/// <summary>`dev` as its own process, as a user runs it, and every line that it and the application below it write.</summary>
internal sealed partial class DevProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly Process process;
    private readonly ConcurrentQueue<string> lines = [];

    private DevProcess(Process process) => this.process = process;

    public IReadOnlyList<string> Lines => [.. lines];

    /// <summary>To post to, with the key; known once `dev` has said it.</summary>
    public Uri Url { get; private set; } = new("about:blank");

    public static async Task<DevProcess> StartAsync(
        IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "MarketplaceWebhook.Cli" + (OperatingSystem.IsWindows() ? ".exe" : "")), ["dev", .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        var dev = new DevProcess(new Process { StartInfo = start });
        dev.process.OutputDataReceived += (_, line) => dev.Add(line.Data);
        dev.process.ErrorDataReceived += (_, line) => dev.Add(line.Data);
        dev.process.Start();
        dev.process.BeginOutputReadLine();
        dev.process.BeginErrorReadLine();
        await dev.UntilAsync(line => line.StartsWith("URL for Cyclr", StringComparison.Ordinal), orExit: true, cancellationToken);
        if (dev.lines.FirstOrDefault(line => line.StartsWith("URL for Cyclr", StringComparison.Ordinal)) is { } url)
            dev.Url = new(url.Split("  ", 2)[1].Trim());
        return dev;
    }

    /// <summary>Until a line says so.</summary>
    public Task UntilAsync(Func<string, bool> says, CancellationToken cancellationToken) => UntilAsync(says, orExit: false, cancellationToken);

    /// <summary>The process id of the application that listens now.</summary>
    public int ApplicationProcessId() => int.Parse(
        lines.Select(line => StartedLine().Match(line)).Last(match => match.Success).Groups[1].Value, CultureInfo.InvariantCulture);

    public async Task SignalAsync(int processId, string signal)
    {
        using var kill = Process.Start("kill", ["-" + signal, processId.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(CancellationToken.None);
    }

    /// <summary>Asks it to end and reads its last lines.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (OperatingSystem.IsWindows()) process.Kill(entireProcessTree: true);
        else if (!process.HasExited) await SignalAsync(process.Id, "TERM");
        await process.WaitForExitAsync(cancellationToken);
    }

    public ValueTask DisposeAsync()
    {
        if (!process.HasExited) process.Kill(entireProcessTree: true);
        process.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task UntilAsync(Func<string, bool> says, bool orExit, CancellationToken cancellationToken)
    {
        var waited = Stopwatch.StartNew();
        while (!lines.Any(says) && !(orExit && process.HasExited))
        {
            if (waited.Elapsed > Patience) throw new TimeoutException($"dev never said it. It said:\n{string.Join('\n', lines)}");
            await Task.Delay(50, cancellationToken);
        }
    }

    private void Add(string? line)
    {
        if (line is not null) lines.Enqueue(line);
    }

    [GeneratedRegex(@"^The app starts as process (\d+) ")]
    private static partial Regex StartedLine();
}
