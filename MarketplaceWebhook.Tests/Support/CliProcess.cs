using System.Diagnostics;
using System.Text;
using MarketplaceWebhook.Cli.LocalHost.Storage;

namespace MarketplaceWebhook.Tests.Support;

/// <summary>The tool as a process of its own.</summary>
public sealed class CliProcess : IDisposable
{
    private readonly Process process;
    private readonly StringBuilder output = new();
    private readonly StringBuilder error = new();

    private CliProcess(Process process) => this.process = process;

    public int ProcessId => process.Id;

    public string Output
    {
        get
        {
            lock (output)
                return output.ToString();
        }
    }

    public string Error
    {
        get
        {
            lock (error)
                return error.ToString();
        }
    }

    public int ExitCode => process.ExitCode;

    public bool HasExited => process.HasExited;

    public static CliProcess Start(string? storage, params string[] arguments) =>
        Start(storage, new Dictionary<string, string>(), arguments);

    public static CliProcess Start(string? storage, IReadOnlyDictionary<string, string> environment, string[] arguments)
    {
        var cli = new CliProcess(new Process
        {
            StartInfo = new ProcessStartInfo(
                "dotnet", [Path.Combine(AppContext.BaseDirectory, "MarketplaceWebhook.Cli.dll"), .. arguments])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                Environment = { ["AzureWebJobsStorage"] = storage },
            },
        });
        foreach (var (name, value) in environment)
            cli.process.StartInfo.Environment[name] = value;

        cli.process.OutputDataReceived += (_, line) => Append(cli.output, line.Data);
        cli.process.ErrorDataReceived += (_, line) => Append(cli.error, line.Data);
        cli.process.Start();
        cli.process.BeginOutputReadLine();
        cli.process.BeginErrorReadLine();
        return cli;

        static void Append(StringBuilder text, string? line)
        {
            lock (text)
                text.Append(line).Append(line is null ? "" : "\n");
        }
    }

    /// <summary>Runs it to its end.</summary>
    public static async Task<CliProcess> RunAsync(string? storage, params string[] arguments)
    {
        var cli = Start(storage, arguments);
        await cli.WaitForExitAsync();
        return cli;
    }

    public Task WaitForExitAsync() => process.WaitForExitAsync(TestContext.Current.CancellationToken);

    /// <summary>Asks it to end, where the system knows how to ask.</summary>
    public void Terminate()
    {
        if (OperatingSystem.IsWindows())
            process.Kill(entireProcessTree: true);
        else
            PosixSignals.Terminate(process.Id);
    }

    public void Dispose()
    {
        if (!process.HasExited)
            process.Kill(entireProcessTree: true);
        process.Dispose();
    }
}
