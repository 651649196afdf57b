using System.Runtime.CompilerServices;
using System.Text;
using MarketplaceWebhook.Cli;
using MarketplaceWebhook.Cli.Output;
using MarketplaceWebhook.LocalHost;
using Microsoft.Extensions.Configuration;

namespace MarketplaceWebhook.Tests.Support;

/// <summary>
/// The tool's commands in this process, with what they print. A process of its own takes 0.5 s of
/// processor time, most of it to compile the libraries again.
/// </summary>
internal static class InProcessCli
{
    private const int RedirectedWidth = 240;

    private static readonly Dictionary<string, string> NoSettings = [];
    private static readonly FlowWriter Out = new(Console.Out);
    private static readonly FlowWriter Error = new(Console.Error);

    /// <summary>
    /// Concurrent commands share the console of the process, and its proxy: both are set before any of them uses it.
    /// </summary>
    [ModuleInitializer]
    internal static void PrepareProcess()
    {
        LoopbackProxy.Bypass();
        Console.SetOut(Out);
        Console.SetError(Error);
        ConsoleOutput.Results.Profile.Width = ConsoleOutput.Errors.Profile.Width = RedirectedWidth;
    }

    /// <inheritdoc cref="RunAsync(string, IReadOnlyDictionary{string, string}, string[])"/>
    public static Task<CliResult> RunAsync(string storage, params string[] arguments) =>
        RunAsync(storage, NoSettings, arguments);

    /// <param name="storage">A connection string.</param>
    /// <param name="environment">The only environment variables of the command.</param>
    /// <param name="arguments">Without --storage. Without --fallback-storage, there is none.</param>
    public static Task<CliResult> RunAsync(
        string storage, IReadOnlyDictionary<string, string> environment, string[] arguments)
    {
        string[] fallback = arguments[0] is "erase" or "purge" && !arguments.Contains("--fallback-storage")
            ? ["--fallback-storage", "none"] : [];
        return RunAsync(environment, [.. arguments, "--storage", storage, .. fallback]);
    }

    /// <param name="environment">The only environment variables of the command.</param>
    /// <param name="arguments">All of them.</param>
    public static async Task<CliResult> RunAsync(IReadOnlyDictionary<string, string> environment, string[] arguments)
    {
        var settings = new ConfigurationBuilder().AddInMemoryCollection(environment.Select(variable =>
            new KeyValuePair<string, string?>(variable.Key.Replace("__", ":", StringComparison.Ordinal), variable.Value)));
        var (output, error) = (Out.Begin(), Error.Begin());
        var exitCode = await CommandLine.RunAsync(arguments, settings.Build());
        return new CliResult(exitCode, output.ToString(), error.ToString());
    }

    private sealed class FlowWriter(TextWriter otherwise) : TextWriter
    {
        private readonly AsyncLocal<StringWriter?> _current = new();

        public override Encoding Encoding => otherwise.Encoding;

        private TextWriter Current => _current.Value ?? otherwise;

        /// <returns>What this flow and those that it starts write.</returns>
        public StringWriter Begin() => _current.Value = new StringWriter { NewLine = "\n" };

        public override void Write(char value) => Current.Write(value);

        public override void Write(string? value) => Current.Write(value);

        public override void Write(char[] buffer, int index, int count) => Current.Write(buffer, index, count);

        public override void Flush() => Current.Flush();
    }
}

internal sealed record CliResult(int ExitCode, string Output, string Error);
