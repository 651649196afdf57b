using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using MarketplaceWebhook.LocalHost;
using MarketplaceWebhook.LocalHost.Storage;

namespace MarketplaceWebhook.Benchmarks.Macro;

/// <summary>The programs that are measured. The benchmarks build them first, so that the figures describe this commit.</summary>
/// <param name="Isolated">The function app.</param>
/// <param name="BareIsolated">An isolated worker without rules.</param>
/// <param name="Native">The native custom handler.</param>
/// <param name="BareNative">A native minimal-API app that only enqueues.</param>
/// <param name="Peer">An Express app that validates and enqueues.</param>
internal sealed record MeasuredPrograms(
    MeasuredProgram Isolated, MeasuredProgram BareIsolated, MeasuredProgram Native,
    MeasuredProgram BareNative, MeasuredProgram Peer)
{
    /// <summary>The programs that a Functions host runs.</summary>
    public IReadOnlyList<MeasuredProgram> Hosted => [Isolated, BareIsolated, Native];

    /// <exception cref="LocalHostException">This build is not in a clone, or a program cannot be built.</exception>
    public static async Task<MeasuredPrograms> PrepareAsync(MacroOptions options, CancellationToken cancellationToken)
    {
        var root = RepositoryRoot.Find()
            ?? throw new LocalHostException(
                "The benchmarks build the programs that they measure: run them in a clone of the repository.");
        var output = Path.Combine(root, "artifacts", "benchmarks");
        var benchmarks = Path.Combine(root, "MarketplaceWebhook.Benchmarks");
        var peer = Path.Combine(benchmarks, "Peer");
        var rid = RuntimeInformation.RuntimeIdentifier;

        if (options.Build)
        {
            await PublishAsync("the function app", Path.Combine(root, "MarketplaceWebhook.Functions"), "isolated");
            await PublishAsync("the bare isolated worker", Path.Combine(benchmarks, "Bare"), "bare");
            await PublishAsync("the native handler", Path.Combine(root, "MarketplaceWebhook.CustomHandler"), "native");
            await PublishAsync("the bare native app", Path.Combine(benchmarks, "BareNative"), "bare-native");
            options.Report("Installing the peer ...");
            await RunAsync(
                OperatingSystem.IsWindows() ? "npm.cmd" : "npm", peer, cancellationToken,
                "ci", "--ignore-scripts", "--no-audit", "--no-fund");
        }

        return new MeasuredPrograms(
            InFolder("isolated worker", "isolated", "MarketplaceWebhook.Functions"),
            InFolder("bare isolated worker", "bare", "Bare") with { ReadsEnvelopes = false },
            InFolder("native handler", "native", "MarketplaceWebhook.CustomHandler"),
            InFolder("bare native minimal-API app", "bare-native", "BareNative"),
            new MeasuredProgram("peer (Express)", peer, "node", "server.js"));

        async Task PublishAsync(string name, string project, string folder)
        {
            options.Report($"Building {name} ...");
            var directory = Path.Combine(output, folder);
            if (Directory.Exists(directory))
            {
                // Files of an earlier build would be measured too.
                Directory.Delete(directory, recursive: true);
            }

            await RunAsync("dotnet", root, cancellationToken, "publish", project, "-c", "Release", "-r", rid, "-o", directory);
        }

        MeasuredProgram InFolder(string name, string folder, string executable)
        {
            var directory = Path.Combine(output, folder);
            return new MeasuredProgram(
                name, directory, Path.Combine(directory, OperatingSystem.IsWindows() ? executable + ".exe" : executable));
        }
    }

    private static async Task RunAsync(
        string program, string directory, CancellationToken cancellationToken, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = directory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // A build server that stays would use processor time during the measurements.
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["UseSharedCompilation"] = "false";
        using var process = Process.Start(start) ?? throw new LocalHostException($"{program} cannot be started.");
        var error = process.StandardError.ReadToEndAsync(cancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        if (process.ExitCode != 0)
        {
            var lines = (output + await error)
                .Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            throw new LocalHostException(
                $"`{program} {string.Join(' ', arguments)}` failed: "
                + (lines.FirstOrDefault(l => l.Contains("error", StringComparison.OrdinalIgnoreCase)) ?? lines.LastOrDefault()));
        }
    }
}

/// <param name="Directory">The working directory, and for the Functions host the folder of the app.</param>
internal sealed record MeasuredProgram(string Name, string Directory, string FileName, params string[] Arguments)
{
    /// <summary>False if a queue message contains the request body only.</summary>
    public bool ReadsEnvelopes { get; init; } = true;

    /// <summary>The text of the queue message for a request body.</summary>
    /// <param name="number">A larger number is a later notification.</param>
    public string MessageText(int number, byte[] body) =>
        ReadsEnvelopes ? Messages.Text(number, body) : Encoding.UTF8.GetString(body);

    public override string ToString() => Name;
}
