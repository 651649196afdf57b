using System.Diagnostics;
using System.Runtime.InteropServices;
using MarketplaceWebhook.Cli;
using MarketplaceWebhook.Cli.LocalHost.Storage;

namespace MarketplaceWebhook.Benchmarks.Macro;

/// <summary>The programs that are measured, built and installed anew: the function app natively and for the JIT, the bare app, the peer.</summary>
internal sealed record ServerPrograms(ServerProgram Native, ServerProgram Jit, ServerProgram Bare, ServerProgram Peer)
{
    /// <exception cref="UserErrorException">There is no clone around this build, or a program cannot be built.</exception>
    public static async Task<ServerPrograms> PrepareAsync(MacroOptions options, CancellationToken cancellationToken)
    {
        var root = RepositoryRoot.Find() ?? throw new UserErrorException("The benchmarks build what they measure: run them in a clone of the repository.");
        var output = Path.Combine(root, "artifacts", "benchmarks");
        var rid = RuntimeInformation.RuntimeIdentifier;
        var app = Path.Combine(root, "MarketplaceWebhook.Functions");
        var bare = Path.Combine(root, "MarketplaceWebhook.Benchmarks", "Bare");
        var peer = Path.Combine(root, "MarketplaceWebhook.Benchmarks", "Peer");

        if (options.Build)
        {
            options.Report("Building the function app (native) ...");
            await RunAsync("dotnet", root, cancellationToken, "publish", app, "-c", "Release", "-r", rid, "-p:PublishAot=true", "-o", Path.Combine(output, "native"));
            options.Report("Building the function app (JIT) ...");
            await RunAsync("dotnet", root, cancellationToken, "build", app, "-c", "Release", "-o", Path.Combine(output, "jit"));
            options.Report("Building the bare app (native) ...");
            await RunAsync("dotnet", root, cancellationToken, "publish", bare, "-c", "Release", "-r", rid, "-o", Path.Combine(output, "bare"));
            options.Report("Installing the peer ...");
            await RunAsync(OperatingSystem.IsWindows() ? "npm.cmd" : "npm", peer, cancellationToken, "ci", "--no-audit", "--no-fund");
        }

        return new ServerPrograms(
            InFolder("native", "MarketplaceWebhook.Functions"),
            InFolder("jit", "MarketplaceWebhook.Functions"),
            InFolder("bare", "bare"),
            new ServerProgram("Express", peer, "node", "server.js"));

        ServerProgram InFolder(string folder, string executable)
        {
            var directory = Path.Combine(output, folder);
            return new ServerProgram(folder, directory, Path.Combine(directory, OperatingSystem.IsWindows() ? executable + ".exe" : executable));
        }
    }

    private static async Task RunAsync(string program, string directory, CancellationToken cancellationToken, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = directory, RedirectStandardOutput = true, RedirectStandardError = true };
        // The build's own: what this process was told of its SDK and of its runtime is not for another.
        start.Environment["FUNCTIONS_WORKER_RUNTIME"] = "custom";
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        using var process = Process.Start(start) ?? throw new UserErrorException($"{program} cannot be started.");
        var error = process.StandardError.ReadToEndAsync(cancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        if (process.ExitCode != 0)
        {
            var lines = (output + await error).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            throw new UserErrorException(
                $"`{program} {string.Join(' ', arguments)}` failed: {lines.FirstOrDefault(l => l.Contains("error", StringComparison.OrdinalIgnoreCase)) ?? lines.LastOrDefault()}");
        }
    }
}
